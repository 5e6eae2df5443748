"""A person's own live trainings, in every organization, and the answers that they give there."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.core.errors import NotFound
from chalicelib.core.paging import Page, filtered_page
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.models import AccountEntry
from chalicelib.tenants.organizations.models import Org
from chalicelib.training.sessions import answers, my_store, participant_store, store
from chalicelib.training.sessions.answers import Answerer
from chalicelib.training.sessions.models import Training
from chalicelib.training.sessions.my_schemas import MyTraining, MyTrainingPage
from chalicelib.training.sessions.participant_store import Held
from chalicelib.training.sessions.participants import shown_status
from chalicelib.training.sessions.states import AnsweredBy, ParticipantStatus
from chalicelib.web.paging import Pager, invalid_cursor

_PER_READ, _MAX_READS = 50, 20


@dataclass(frozen=True)
class Row:
    """A participation of the account, and its position in the list that is read."""

    entry: AccountEntry
    held: Held
    position: str


def page(account_id: str, pager: Pager, now: datetime) -> MyTrainingPage:
    """Sessions to come and past ones, organization by organization; nothing before its moment."""
    memberships = memberships_of(account_id)
    rows = filtered_page(
        lambda after: _read(memberships, after), lambda row: _is_visible(row, now), lambda row: row.position,
        pager.limit, pager.position, _MAX_READS,
    )  # fmt: skip
    orgs, trainings = my_store.orgs_and_trainings(
        [(row.entry.msp_id, str(row.entry.org_id), row.held.pointer.training_id) for row in rows.items]
    )
    return MyTrainingPage(
        items=[
            _out(row, orgs[row.entry.org_id], trainings[row.held.pointer.training_id], now)
            for row in rows.items
            if row.entry.org_id in orgs and row.held.pointer.training_id in trainings
        ],
        next_cursor=pager.cursor(rows.next_position),
    )


def confirm(account_id: str, participation_id: str, now: datetime) -> MyTraining:
    """Raises NotFound; Conflict as `answers.confirm`."""
    answerer, entry = _answerer(account_id, participation_id, now)
    answers.confirm(answerer, now)
    return _one(answerer, entry, now)


def decline(account_id: str, participation_id: str, now: datetime) -> MyTraining:
    """Raises NotFound; Conflict as `answers.decline`."""
    answerer, entry = _answerer(account_id, participation_id, now)
    answers.decline(answerer, now)
    return _one(answerer, entry, now)


def tentative(account_id: str, participation_id: str, now: datetime) -> MyTraining:
    """Raises NotFound; Conflict as `answers.tentative`."""
    answerer, entry = _answerer(account_id, participation_id, now)
    answers.tentative(answerer, now)
    return _one(answerer, entry, now)


def read(account_id: str, participation_id: str, now: datetime) -> MyTraining:
    """Raises NotFound."""
    return _one(*_answerer(account_id, participation_id, now), now)


def memberships_of(account_id: str) -> list[AccountEntry]:
    entries = [entry for entry in access.entries(account_id) if entry.member_id and entry.org_id]
    return sorted(entries, key=lambda entry: str(entry.sk))


def _read(memberships: list[AccountEntry], after: str | None) -> Page[Row]:
    """One read of several memberships, one after the other. A position holds the index and the place in it."""
    number, _, start = (after or "0|").partition("|")
    if not number.isdecimal():
        raise invalid_cursor()
    index = int(number)
    if index >= len(memberships):
        return Page([], None)
    entry = memberships[index]
    org_id, member_id = str(entry.org_id), str(entry.member_id)
    found = participant_store.participation_page(org_id, member_id, _PER_READ, start or None)
    helds = participant_store.held_of(org_id, {member_id: list(found.items)})[member_id]
    rows = [Row(entry, held, f"{index}|{held.pointer.sk}") for held in helds]
    if found.next_position:
        return Page(rows, f"{index}|{found.next_position}")
    return Page(rows, f"{index + 1}|" if index + 1 < len(memberships) else None)


def _is_visible(row: Row, now: datetime) -> bool:
    participant = row.held.participant
    return participant is not None and row.held.session is not None and participant_store.is_visible(participant, now)


def _answerer(account_id: str, text: str, now: datetime) -> tuple[Answerer, AccountEntry]:
    """Raises NotFound for what is another's, or not to be known yet."""
    parts = text.split(".")
    if len(parts) == 3:
        org_id, member_id, training_id = parts
        for entry in memberships_of(account_id):
            if (entry.org_id, entry.member_id) == (org_id, member_id):
                held = participant_store.held(org_id, member_id, training_id)
                if held is not None and _is_visible(Row(entry, held, ""), now):
                    ids = (entry.msp_id, org_id, training_id, member_id, str(held.pointer.participation_id))
                    return Answerer(*ids, AnsweredBy.ACCOUNT, {"remark": None}), entry
    raise NotFound("There is no such training")


def _one(answerer: Answerer, entry: AccountEntry, now: datetime) -> MyTraining:
    held = participant_store.held(answerer.org_id, answerer.member_id, answerer.training_id)
    orgs, _ = my_store.orgs_and_trainings([(entry.msp_id, answerer.org_id, answerer.training_id)])
    training = store.training(answerer.org_id, answerer.training_id)
    if held is None or training is None or answerer.org_id not in orgs:
        raise NotFound("There is no such training")
    return _out(Row(entry, held, ""), orgs[answerer.org_id], training, now)


def _out(row: Row, org: Org, training: Training, now: datetime) -> MyTraining:
    session, participant = row.held.session, row.held.participant
    if session is None or participant is None:
        raise NotFound("There is no such training")
    status = shown_status(participant, session)
    is_waiting = status == ParticipantStatus.WAITING
    line = participant_store.line(org.org_id, session.session_id) if is_waiting else []
    return MyTraining(
        participation_id=f"{org.org_id}.{participant.member_id}.{training.training_id}",
        org_id=org.org_id,
        organization=org.name,
        title=training.title,
        description=training.description,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        time_zone=session.time_zone,
        starts_utc=session.starts_utc,
        ends_utc=session.ends_utc,
        place=session.place,
        web_link=session.web_link,
        instructor=session.instructor,
        status=status,
        place_in_line=line.index(participant.member_id) + 1 if participant.member_id in line else None,
        can_answer=answers.state_of(session, participant, now) == "open",
        answered_at=participant.answered_at,
        remark=participant.remark,
        score=None if participant.score is None else int(participant.score),
    )
