"""A participant's answer: by the link in the mail, in the account, or by the calendar program."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.core.errors import Conflict, DeadLink
from chalicelib.core.ids import new_id
from chalicelib.core.settle import until_settled
from chalicelib.jobs import due
from chalicelib.people.members import store as members_store
from chalicelib.people.members.states import MemberStatus
from chalicelib.tenants.organizations import store as orgs_store
from chalicelib.training.sessions import local_times, participant_store, places, store
from chalicelib.training.sessions.calendars import feed_changes
from chalicelib.training.sessions.messages import TellPeople
from chalicelib.training.sessions.models import Participant, Session
from chalicelib.training.sessions.states import EXPECTED, AnsweredBy, ParticipantStatus
from chalicelib.training.sessions.tell import sequence_of

# The remark of who says neither yes nor no.
TENTATIVE = "Tentative"


@dataclass(frozen=True)
class Answerer:
    """Whose answer it is, by which way it came, and what of the calendar's reply is to be kept."""

    msp_id: str
    org_id: str
    training_id: str
    member_id: str
    participation_id: str
    by: AnsweredBy
    more: dict[str, Any]


@dataclass(frozen=True)
class RsvpView:
    """A participation as its page shows it. `state` names what can be done about it."""

    organization: str
    training: str
    description: str
    when: str
    place: str
    web_link: str
    instructor: str
    status: ParticipantStatus
    state: str
    place_in_line: int


def by_token(token: str, by: AnsweredBy = AnsweredBy.PAGE) -> Answerer:
    """Raises NotFound for every token that is not, or no longer, anybody's."""
    found = participant_store.answer_token(token)
    if found is None:
        raise DeadLink()
    return Answerer(found.msp_id, found.org_id, found.training_id, found.member_id, found.participation_id, by, {})


def view(answerer: Answerer, now: datetime) -> RsvpView:
    """Changes nothing. Raises NotFound."""
    session, participant = load(answerer)
    training = store.training(answerer.org_id, answerer.training_id)
    org = orgs_store.org(answerer.msp_id, answerer.org_id)
    member = members_store.member(answerer.org_id, answerer.member_id)
    if training is None or org is None or member is None or member.status != MemberStatus.ACTIVE:
        raise DeadLink()
    waits = participant.status == ParticipantStatus.WAITING
    line = participant_store.line(answerer.org_id, session.session_id) if waits else []
    return RsvpView(
        organization=org.name,
        training=training.title,
        description=training.description,
        when=local_times.in_words(session.starts_utc, session.ends_utc, session.time_zone),
        place=session.place or "",
        web_link=session.web_link or "",
        instructor=session.instructor or "",
        status=ParticipantStatus(participant.status),
        state=state_of(session, participant, now),
        place_in_line=line.index(participant.member_id) + 1 if participant.member_id in line else 0,
    )


def confirm(answerer: Answerer, now: datetime) -> Participant:
    """Who declined gets a place again if one is free, else a place in line. Confirming again is later, and no more.

    Raises NotFound; Conflict when the session was cancelled, has started, or is full, and for who waits.
    """

    def step() -> tuple[Participant, list[TellPeople]]:
        session, participant = load(answerer)
        if participant.status == ParticipantStatus.CONFIRMED:
            return _once_more(answerer, session, participant, now)
        _refuse_closed(session, participant, now)
        if participant.status == ParticipantStatus.WAITING:
            raise Conflict(
                "waiting", "All places are taken. You're on the waiting list, and we'll email you when one is free."
            )
        if participant.status == ParticipantStatus.INVITED:
            return _commit(answerer, session, participant, ParticipantStatus.CONFIRMED, [], [], now)
        return _come_back(answerer, session, participant, now)

    return _settle(step, now)


def decline(answerer: Answerer, now: datetime) -> Participant:
    """The place goes to the first in line. Declining again is later, and no more. Raises NotFound, Conflict."""

    def step() -> tuple[Participant, list[TellPeople]]:
        session, participant = load(answerer)
        if participant.status == ParticipantStatus.DECLINED:
            return _once_more(answerer, session, participant, now)
        _refuse_closed(session, participant, now)
        writes, jobs = places.leave(answerer.msp_id, session, participant, now)
        return _commit(answerer, session, participant, ParticipantStatus.DECLINED, writes, jobs, now)

    return _settle(step, now)


def tentative(answerer: Answerer, now: datetime) -> Participant:
    """Neither yes nor no: the place stays, and the organizer sees it. Saying so again is later, and no more.

    Raises NotFound; Conflict for who has no place, and once the session is over or off.
    """

    def step() -> tuple[Participant, list[TellPeople]]:
        session, participant = load(answerer)
        answerer.more["remark"] = TENTATIVE
        if participant.status == ParticipantStatus.INVITED and participant.remark == TENTATIVE:
            return _once_more(answerer, session, participant, now)
        _refuse_closed(session, participant, now)
        if participant.status not in EXPECTED:
            raise Conflict("no_place", "You have no place in this session. Accept to get one, if one is free.")
        return _commit(answerer, session, participant, ParticipantStatus.INVITED, [], [], now)

    return _settle(step, now)


def load(answerer: Answerer) -> tuple[Session, Participant]:
    """The session that the person is in by now. Raises NotFound for an earlier participation."""
    held = participant_store.held(answerer.org_id, answerer.member_id, answerer.training_id)
    if held is None or held.participant is None or held.session is None:
        raise DeadLink()
    if held.participant.participation_id != answerer.participation_id:
        raise DeadLink()
    return held.session, held.participant


def _once_more(
    answerer: Answerer, session: Session, participant: Participant, now: datetime
) -> tuple[Participant, list[TellPeople]]:
    """The same answer, later: a calendar's of in between, which was held back, does not count any more."""
    is_known = answerer.by != AnsweredBy.CALENDAR and str(participant.answered_at) >= to_text(now)
    if is_known or state_of(session, participant, now) != "open":
        return participant, []
    return _commit(answerer, session, participant, ParticipantStatus(participant.status), [], [], now)


def _come_back(
    answerer: Answerer, session: Session, participant: Participant, now: datetime
) -> tuple[Participant, list[TellPeople]]:
    """Who declined thinks better of it. Changes of the session since were not told, and are now."""
    status, take = places.take_one(session)
    job = places.tell_job(answerer.msp_id, session, [participant], now)
    writes = [take, due.write(job, sent_at=now)]
    if status == ParticipantStatus.WAITING:
        participant.asked = new_id(now)
        return _commit(
            answerer, session, participant, status, [*writes, participant_store.join_line(participant)], [job], now
        )
    return _commit(answerer, session, participant, ParticipantStatus.CONFIRMED, writes, [job], now)


def _commit(
    answerer: Answerer, session: Session, participant: Participant, status: ParticipantStatus, writes: list[Write],
    jobs: list[TellPeople], now: datetime,
) -> tuple[Participant, list[TellPeople]]:  # fmt: skip
    changes = {
        "status": status.value,
        "answered_at": to_text(now),
        "answered_by": answerer.by.value,
        "answered_sequence": sequence_of(session, participant),
        "asked": participant.asked,
        **answerer.more,
    }
    feed_changes.announce([members_store.member(answerer.org_id, answerer.member_id)], now)
    participant_store.commit([participant_store.change_write(participant, **changes), *writes])
    for name, value in changes.items():
        setattr(participant, name, value)
    return participant, jobs


def _settle(step: Callable[[], tuple[Participant, list[TellPeople]]], now: datetime) -> Participant:
    participant, jobs = until_settled(step, places.TRIES)
    places.send(jobs, now)
    return participant


def state_of(session: Session, participant: Participant, now: datetime) -> str:
    if not session.is_open or participant.status == ParticipantStatus.CANCELLED:
        return "cancelled"
    if places.has_started(session, now) or participant.status in (ParticipantStatus.ATTENDED, ParticipantStatus.ABSENT):
        return "over"
    return "open"


def _refuse_closed(session: Session, participant: Participant, now: datetime) -> None:
    state = state_of(session, participant, now)
    if state == "cancelled":
        raise Conflict("session_cancelled", "This session was cancelled, so there is nothing left to answer.")
    if state == "over":
        raise Conflict("session_started", "This session has started or is over, so you can no longer answer.")
    if participant.status not in EXPECTED | {ParticipantStatus.WAITING, ParticipantStatus.DECLINED}:
        raise Conflict("not_open", "You can no longer answer this invitation.")
