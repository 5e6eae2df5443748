"""Places and the line: who gets a place, and who is next when one is free. Gives writes for a transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from chalicelib.aws.table import Write
from chalicelib.core.clock import to_instant, to_text
from chalicelib.core.errors import ConditionFailed, Conflict
from chalicelib.core.ids import new_id
from chalicelib.core.settle import until_settled
from chalicelib.jobs import due, queue
from chalicelib.training.sessions import participant_store, place_store, store
from chalicelib.training.sessions.messages import FillPlaces, TellPeople
from chalicelib.training.sessions.models import Participant, Session
from chalicelib.training.sessions.states import ParticipantStatus

# Each promotion is two writes and shares its due entry with the others.
_FILLED_AT_ONCE = 40

# A participant who is told of at a later moment is looked at again once everybody else was told.
_AFTER_THE_MOMENT = timedelta(minutes=1)

# Whoever else takes or frees places at the same moment: one of them succeeds each time.
TRIES = 12


def has_started(session: Session, now: datetime) -> bool:
    return bool(session.starts_utc <= to_text(now))


def num_free(session: Session) -> int | None:
    """Places for newcomers; None for as many as like. None are free while somebody waits."""
    if session.num_waiting:
        return 0
    return None if session.capacity is None else max(0, int(session.capacity - session.num_taken))


def take_one(session: Session) -> tuple[ParticipantStatus, Write]:
    """For one more person: a place, or the line. Raises Conflict when the session is full and has no line."""
    free = num_free(session)
    if free is None or free > 0:
        return ParticipantStatus.INVITED, place_store.take_places(session, 1, 0)
    if not session.waiting_list:
        raise Conflict("session_full", "This session is full and has no waiting list.")
    return ParticipantStatus.WAITING, place_store.take_places(session, 0, 1)


def leave(msp_id: str, session: Session, leaver: Participant, now: datetime) -> tuple[list[Write], list[TellPeople]]:
    """The leaver's place becomes free, and goes to the first in line; or the leaver's place in line.

    The writes go with one that changes the leaver. The jobs tell whoever got the place; their due entries are among
    the writes.
    """
    if leaver.status == ParticipantStatus.WAITING:
        return [place_store.leave_line(session), participant_store.line_exit(leaver)], []
    if not participant_store.holds_place(leaver):
        return [], []
    if not session.is_open or has_started(session, now):
        return [place_store.leave_place_for_good(session)], []
    following = _next(session, 1)
    if not following:
        return [place_store.leave_place(session)], []
    job = tell_job(msp_id, session, following, now)
    writes = [place_store.hand_over_place(session), *participant_store.promote_writes(following[0])]
    return [*writes, due.write(job)], [job]


def fill(job: FillPlaces, now: datetime) -> None:
    """Give free places to those who wait, until none is free or nobody waits. Harmless when repeated."""
    while until_settled(lambda: _fill_some(job, now), TRIES):
        pass
    due.close(job)


def _fill_some(job: FillPlaces, now: datetime) -> bool:
    session = store.session(job.org_id, job.training_id, job.session_id)
    if session is None or not session.is_open or has_started(session, now) or not session.num_waiting:
        return False
    free = _FILLED_AT_ONCE if session.capacity is None else int(session.capacity - session.num_taken)
    following = _next(session, min(free, _FILLED_AT_ONCE)) if free > 0 else []
    if not following:
        return False
    told = tell_job(job.msp_id, session, following, now)
    writes = [place_store.fill(session, len(following))]
    writes += [write for waiting in following for write in participant_store.promote_writes(waiting)]
    participant_store.commit([*writes, due.write(told)])
    queue.send_soon(told)
    return True


def _next(session: Session, limit: int) -> list[Participant]:
    """The first in line. Raises ConditionFailed when the line changes while it is read."""
    org_id = session.pk.split("#")[1]
    entries = participant_store.first_in_line(org_id, session.session_id, limit)
    found = participant_store.participants_by_id(org_id, session.session_id, [entry.member_id for entry in entries])
    if len(found) < len(entries) or any(one.status != ParticipantStatus.WAITING for one in found.values()):
        raise ConditionFailed()
    return [found[entry.member_id] for entry in entries]


def tell_job(msp_id: str, session: Session, people: Sequence[Participant], now: datetime) -> TellPeople:
    """Tell these people, all of one session, as soon as they may know."""
    moment = max(person.visible_from for person in people)
    due_at = to_text(now) if moment <= to_text(now) else to_text(to_instant(moment) + _AFTER_THE_MOMENT)
    return TellPeople(
        msp_id=msp_id, org_id=people[0].org_id, training_id=session.training_id, session_id=session.session_id,
        member_ids=[person.member_id for person in people], tell_id=new_id(now), due_at=due_at,
    )  # fmt: skip


def send(jobs: Sequence[TellPeople], now: datetime) -> None:
    """Those that are due; the sweeper sends the others at their time."""
    queue.send_soon(*(job for job in jobs if str(job.due_at) <= to_text(now)))
