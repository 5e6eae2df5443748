"""The participants page: who is in a training's sessions, in pages, filtered and sorted (O8)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from chalicelib.core.errors import FieldError, Invalid, NotFound
from chalicelib.core.paging import Page, filtered_page
from chalicelib.core.text import normalized, searchable
from chalicelib.notifications import store as notifications_store
from chalicelib.notifications.explanations import explain
from chalicelib.notifications.models import Mail
from chalicelib.notifications.states import public_state
from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import Member
from chalicelib.people.members.states import ON_ROSTERS, MemberStatus
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.structure import store as structure_store
from chalicelib.training.sessions import participant_store, store
from chalicelib.training.sessions.enrolling.enroll_store import enrolls_by_id
from chalicelib.training.sessions.models import Enroll, Participant, Session, Training
from chalicelib.training.sessions.participant_schemas import (
    MAX_SORTED,
    MemberTrainingOut,
    MemberTrainingPage,
    ParticipantMailOut,
    ParticipantOut,
    ParticipantPage,
    ParticipantsQuery,
    TrainingReason,
)
from chalicelib.training.sessions.schemas import SessionOut
from chalicelib.training.sessions.sessions import out as session_out
from chalicelib.training.sessions.states import SEATED, AnsweredBy, ParticipantStatus
from chalicelib.training.sessions.tell import latest_mail_id
from chalicelib.training.sessions.trainings import training_of
from chalicelib.web.paging import Pager, invalid_cursor

_PER_READ, _MAX_READS = 100, 10

# The order of answers: those to look after first.
_RANK = {status: rank for rank, status in enumerate(ParticipantStatus)}


@dataclass(frozen=True)
class _Row:
    """A participant, the session, the person, and the row's position in the list that is read."""

    participant: Participant
    session: Session
    member: Member | None
    position: str

    @property
    def status(self) -> ParticipantStatus:
        return shown_status(self.participant, self.session)


def page(scope: Scope, training_id: str, query: ParticipantsQuery, pager: Pager) -> ParticipantPage:
    """Raises NotFound; Invalid for an order in which so many people are not sorted."""
    training_of(scope.org, training_id)
    sessions = _sessions(scope.org, training_id, query)
    is_visible = _filter(scope, query)
    if query.sort == "session":
        rows = filtered_page(
            lambda after: _read(scope.org, sessions, after), is_visible, lambda row: row.position, pager.limit,
            pager.position, _MAX_READS,
        )  # fmt: skip
    else:
        rows = _sorted(scope.org, sessions, query, is_visible, pager)
    return ParticipantPage(items=_out(scope.org, rows.items), next_cursor=pager.cursor(rows.next_position))


def of_member(scope: Scope, member_id: str, status: MemberStatus, pager: Pager) -> MemberTrainingPage:
    """A member's live trainings, as their page has them. Of who was archived those only at which they were."""
    found = participant_store.participation_page(scope.org, member_id, pager.limit, pager.position)
    member = members_store.member(scope.org, member_id)
    rows = [
        _Row(held.participant, held.session, member, "")
        for held in participant_store.held_of(scope.org, {member_id: list(found.items)})[member_id]
        if held.participant is not None and held.session is not None
    ]
    if status == MemberStatus.ARCHIVED:
        rows = [row for row in rows if row.status == ParticipantStatus.ATTENDED]
    trainings = store.trainings_by_id(scope.org, [row.session.training_id for row in rows])
    enrolls = enrolls_by_id(scope.org, [row.participant.enroll_id for row in rows])
    items = [
        _member_training(scope, row, trainings[row.session.training_id], enrolls.get(row.participant.enroll_id), out)
        for row, out in zip(rows, _out(scope.org, rows), strict=True)
        if row.session.training_id in trainings
    ]
    return MemberTrainingPage(items=items, next_cursor=pager.cursor(found.next_position))


def _member_training(
    scope: Scope, row: _Row, training: Training, enroll: Enroll | None, out: ParticipantOut
) -> MemberTrainingOut:
    return MemberTrainingOut(
        training_id=training.training_id,
        title=training.title,
        certificate=bool(training.certificate),
        session=session_out(scope, row.session),
        participant=out,
        why=TrainingReason(
            enroll_id=row.participant.enroll_id,
            enrolled_by=enroll.created_by if enroll else None,
            enrolled_at=enroll.created_at if enroll else None,
        ),
    )


def read(scope: Scope, training_id: str, member_id: str) -> tuple[ParticipantOut, SessionOut]:
    """Where a person is in a training, or was last. Raises NotFound."""
    held = participant_store.held(scope.org, member_id, training_id)
    if held is None or held.participant is None or held.session is None:
        raise NotFound("This person isn't in a session of this training")
    return one(scope.org, held.participant, held.session), session_out(scope, held.session)


def one(org_id: str, participant: Participant, session: Session) -> ParticipantOut:
    return _out(org_id, [_Row(participant, session, members_store.member(org_id, participant.member_id), "")])[0]


def shown_status(participant: Participant, session: Session) -> ParticipantStatus:
    is_off = not session.is_open and participant.status != ParticipantStatus.DECLINED
    return ParticipantStatus.CANCELLED if is_off else ParticipantStatus(participant.status)


def _sessions(org_id: str, training_id: str, query: ParticipantsQuery) -> list[Session]:
    if query.session_id is not None:
        session = store.session(org_id, training_id, query.session_id)
        if session is None:
            raise NotFound("There is no such session")
        return [session]
    return store.sessions(org_id, training_id)


def _filter(scope: Scope, query: ParticipantsQuery) -> Callable[[_Row], bool]:
    """By status and name, and to the people whom the caller may see."""
    word = searchable(query.search or "")
    visible: frozenset[str] | None = None
    if scope.department_ids is not None:
        departments = structure_store.departments(scope.org)
        visible = frozenset(one.department_id for one in departments if scope.department_ids & set(one.path))

    def keep(row: _Row) -> bool:
        if query.status is not None and row.status != query.status:
            return False
        if query.has_place and row.status not in SEATED:
            return False
        if word and not _is_called(row.member, word):
            return False
        if visible is None:
            return True
        return row.member is not None and row.member.status in ON_ROSTERS and row.member.department_id in visible

    return keep


def _is_called(member: Member | None, word: str) -> bool:
    if member is None:
        return False
    first_name, last_name = _names(member)
    names = (f"{first_name} {last_name}", last_name, member.email or "")
    return any(searchable(name).startswith(word) for name in names)


def _read(org_id: str, sessions: Sequence[Session], after: str | None) -> Page[_Row]:
    """One read of several sessions, one after the other. A position holds the session's index and the place in it."""
    number, _, start = (after or "0|").partition("|")
    if not number.isdecimal():
        raise invalid_cursor()
    index = int(number)
    if index >= len(sessions):
        return Page([], None)
    found = participant_store.participants(org_id, sessions[index].session_id, _PER_READ, start or None)
    members = members_store.members_by_id(org_id, [item.member_id for item in found.items])
    rows = [_Row(item, sessions[index], members.get(item.member_id), f"{index}|{item.sk}") for item in found.items]
    if found.next_position:
        return Page(rows, f"{index}|{found.next_position}")
    return Page(rows, f"{index + 1}|" if index + 1 < len(sessions) else None)


def _sorted(
    org_id: str, sessions: Sequence[Session], query: ParticipantsQuery, keep: Callable[[_Row], bool], pager: Pager
) -> Page[_Row]:
    rows: list[_Row] = []
    after: str | None = None
    while True:
        found = _read(org_id, sessions, after)
        rows += [row for row in found.items if keep(row)]
        if len(rows) > MAX_SORTED:
            problem = f"Up to {MAX_SORTED:,} people can be sorted this way. Choose a session or a status."
            raise Invalid(FieldError("sort", "too_many", problem))
        after = found.next_position
        if after is None:
            break
    key_of = _answer_key if query.sort == "answer" else _name_key
    placed = sorted((replace(row, position=key_of(row)) for row in rows), key=lambda row: row.position)
    left = [row for row in placed if pager.position is None or row.position > pager.position]
    shown = left[: pager.limit]
    return Page(shown, shown[-1].position if len(left) > len(shown) else None)


def _answer_key(row: _Row) -> str:
    """By answer, then by when it came. The id makes it one order."""
    return f"{_RANK[row.status]}#{row.participant.answered_at or '~'}#{row.participant.member_id}"


def _name_key(row: _Row) -> str:
    """By last and first name, as far as they are shown."""
    first_name, last_name = _names(row.member)
    name = f"{last_name} {first_name}"
    return f"{normalized(name)[:200]}#{row.participant.member_id}"


def _out(org_id: str, rows: Sequence[_Row]) -> list[ParticipantOut]:
    mails = _mails(row.participant for row in rows)
    with_line = {row.session.session_id for row in rows if row.status == ParticipantStatus.WAITING}
    lines = {session_id: participant_store.line(org_id, session_id) for session_id in with_line}
    return [_row_out(row, mails, lines.get(row.session.session_id, [])) for row in rows]


def _mails(participants: Iterable[Participant]) -> Mapping[str, Mail]:
    ids = [mail_id for participant in participants if (mail_id := latest_mail_id(participant))]
    return notifications_store.mails_by_id(ids) if ids else {}


def _row_out(row: _Row, mails: Mapping[str, Mail], line: Sequence[str]) -> ParticipantOut:
    participant, member = row.participant, row.member
    first_name, last_name = _names(member)
    return ParticipantOut(
        member_id=participant.member_id,
        first_name=first_name,
        last_name=last_name,
        email=member.email if member else None,
        has_address=bool(member and member.email),
        session_id=participant.session_id,
        status=row.status,
        place_in_line=line.index(participant.member_id) + 1 if participant.member_id in line else None,
        visible_from=participant.visible_from,
        answered_at=participant.answered_at,
        answered_by=AnsweredBy(participant.answered_by) if participant.answered_by else None,
        remark=participant.remark,
        mail=_mail_out(mails.get(latest_mail_id(participant) or "")),
        attendance_at=participant.attendance_at,
        score=None if participant.score is None else int(participant.score),
        comment=participant.comment,
    )


def _names(member: Member | None) -> tuple[str, str]:
    """Empty of who has to accept an invitation again: names are never shown before."""
    if member is None or not members_store.shows_name(member):
        return "", ""
    return member.first_name, member.last_name


def _mail_out(mail: Mail | None) -> ParticipantMailOut | None:
    if mail is None:
        return None
    state = public_state(mail.state)
    explanation = explain(state)
    return ParticipantMailOut(
        state=state, reason=mail.reason, sentence=explanation.sentence, next_step=explanation.next_step
    )
