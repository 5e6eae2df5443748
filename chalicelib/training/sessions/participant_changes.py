"""What admins change about participants: move to another session, cancel, attendance and results."""

from datetime import datetime
from functools import partial
from typing import Any

from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.settle import until_settled
from chalicelib.jobs import due
from chalicelib.people.members import store as members_store
from chalicelib.people.members.events import MemberArchived
from chalicelib.people.members.reach import reach_of, reach_writes
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.training.sessions import participant_store, place_store, places, store
from chalicelib.training.sessions.attendance import certify
from chalicelib.training.sessions.calendars import feed_changes
from chalicelib.training.sessions.enrolling.enroll import closed_code
from chalicelib.training.sessions.explanations import explain
from chalicelib.training.sessions.messages import TellPeople
from chalicelib.training.sessions.models import Participant, Session, participant_sk, session_pk
from chalicelib.training.sessions.participant_schemas import (
    AttendanceForm,
    AttendanceOut,
    AttendanceResult,
    ParticipantOut,
    ParticipantPatch,
)
from chalicelib.training.sessions.participants import one
from chalicelib.training.sessions.states import EXPECTED, SEATED, ParticipantStatus
from chalicelib.training.sessions.tell import sequence_of

# People whose attendance one transaction writes: each may have a certificate, of three writes. With the checks of a
# limited admin's reach, two more for each.
_AT_ONCE, _AT_ONCE_CHECKED = 20, 14

_MOVABLE = EXPECTED | {ParticipantStatus.WAITING, ParticipantStatus.DECLINED}


def change(scope: Scope, training_id: str, member_id: str, patch: ParticipantPatch, now: datetime) -> ParticipantOut:
    """Raises NotFound; Conflict for a full, cancelled or started session, and for results before the start."""
    fields = patch.model_dump(exclude_unset=True)
    session_id = fields.pop("session_id", None)
    if session_id is not None:
        _move(scope, training_id, member_id, session_id, now)
    if fields:
        _enter(scope, training_id, member_id, fields, now)
    session, participant = _held(scope.org, training_id, member_id)
    return one(scope.org, participant, session)


def cancel(scope: Scope, training_id: str, member_id: str, now: datetime) -> ParticipantOut:
    """The place becomes free; the record stays. Cancelling again changes nothing. Raises NotFound, Conflict."""

    def step() -> list[TellPeople]:
        session, participant = _held(scope.org, training_id, member_id)
        if participant.status == ParticipantStatus.CANCELLED:
            return []
        if participant.status in (ParticipantStatus.ATTENDED, ParticipantStatus.ABSENT):
            raise Conflict("has_attendance", "This person's attendance was entered, so it can no longer be cancelled.")
        writes, jobs = withdrawal(scope.msp_id, session, participant, now)
        entry = AuditEntry(
            scope.account_id, "participant.cancelled", f"member/{member_id}", after={"session_id": session.session_id}
        )
        audit.commit(scope.tenant_pk, entry, [*writes, *reach_writes(scope, member_id)], now)
        return jobs

    places.send(until_settled(step, places.TRIES), now)
    session, participant = _held(scope.org, training_id, member_id)
    return one(scope.org, participant, session)


def withdrawal(
    msp_id: str, session: Session, participant: Participant, now: datetime
) -> tuple[list[Write], list[TellPeople]]:
    """Takes a person out of a session: the place goes on, and both are told."""
    left, jobs = places.leave(msp_id, session, participant, now)
    job = places.tell_job(msp_id, session, [participant], now)
    changes = {
        "status": ParticipantStatus.CANCELLED.value,
        "cancelled_at": to_text(now),
        "cancelled_sequence": sequence_of(session, participant) + 1,
        "sequence": participant.sequence + 1,
    }
    changed = participant_store.change_write(participant, **changes)
    return [changed, *left, due.write(job, sent_at=now)], [*jobs, job]


def member_archived(job: MemberArchived, now: datetime) -> None:
    """Whoever leaves the organization leaves the sessions to come. Harmless when repeated."""
    pointers = participant_store.participations(job.org_id, job.member_id)
    if pointers:
        # Whoever is told of it, and when: their calendar feed does not show it any more.
        feed_changes.announce([members_store.member(job.org_id, job.member_id)], now)
    for pointer in pointers:

        def step(training_id: str = pointer.training_id) -> list[TellPeople]:
            session, participant = _held(job.org_id, training_id, job.member_id)
            is_over = not session.is_open or places.has_started(session, now)
            if is_over or participant.status not in EXPECTED | {ParticipantStatus.WAITING}:
                return []
            writes, jobs = withdrawal(job.msp_id, session, participant, now)
            participant_store.commit(writes)
            return jobs

        places.send(until_settled(step, places.TRIES), now)


# ---------------------------------------------------------------- moving


def _move(scope: Scope, training_id: str, member_id: str, session_id: str, now: datetime) -> None:
    """The calendar entry goes along: its UID stays, its SEQUENCE goes up."""

    def step() -> list[TellPeople]:
        session, participant = _held(scope.org, training_id, member_id)
        if participant.session_id == session_id:
            return []
        target = store.session(scope.org, training_id, session_id)
        if target is None:
            raise NotFound("There is no such session")
        _refuse_move(session, participant, target, now)
        status, take = places.take_one(target)
        if status == ParticipantStatus.WAITING and participant.status != ParticipantStatus.WAITING:
            raise Conflict("session_full", "That session is full, and this person would lose their place.")
        left, jobs = places.leave(scope.msp_id, session, participant, now)
        after = _in_session(participant, target, status, sequence_of(session, participant) + 1, now)
        job = places.tell_job(scope.msp_id, target, [after], now)
        entry = AuditEntry(
            scope.account_id, "participant.moved", f"member/{member_id}",
            {"session_id": session.session_id}, {"session_id": session_id},
        )  # fmt: skip
        # Of a session that is not written to otherwise, the number has to be as it was read all the same.
        same = [] if left else [place_store.same_sequence(session)]
        writes = [*participant_store.move_writes(participant, after), take, *left, *same, due.write(job, sent_at=now)]
        writes += reach_writes(scope, member_id)
        audit.commit(scope.tenant_pk, entry, writes, now)
        return [*jobs, job]

    places.send(until_settled(step, places.TRIES), now)


def _refuse_move(session: Session, participant: Participant, target: Session, now: datetime) -> None:
    if participant.status not in _MOVABLE:
        raise Conflict("not_movable", f"This person can't be moved: the status is {participant.status}.")
    if not session.is_open or places.has_started(session, now):
        raise Conflict("session_over", "This person's session was cancelled or has started. Enroll them again.")
    code = closed_code(target, now)
    if code is not None:
        raise Conflict(code, explain(code).text)


def _in_session(
    participant: Participant, target: Session, status: ParticipantStatus, sequence: int, now: datetime
) -> Participant:
    """A copy in the other session. Whoever was to come answers anew, for it is another time."""
    after = Participant.from_raw_data(participant.serialize())
    after.pk, after.sk = session_pk(participant.org_id, target.session_id), participant_sk(participant.member_id)
    after.session_id, after.status = target.session_id, status.value
    after.sequence = sequence - target.sequence
    after.moved_at = to_text(now)
    after.revision = participant.revision + 1
    after.answered_at = after.answered_by = after.remark = after.told_waiting = None
    return after


# ---------------------------------------------------------------- attendance and results


def enter_attendance(
    scope: Scope, training_id: str, session_id: str, form: AttendanceForm, now: datetime
) -> AttendanceOut:
    """Entering it again changes nothing. Who is limited to departments enters that of their people.

    Raises NotFound, Conflict before the session's start.
    """
    session = store.session(scope.org, training_id, session_id)
    if session is None:
        raise NotFound("There is no such session")
    _refuse_early(session, now)
    wanted = dict.fromkeys(form.attended, ParticipantStatus.ATTENDED)
    wanted |= dict.fromkeys(form.absent, ParticipantStatus.ABSENT)
    results: list[AttendanceResult] = []
    member_ids = list(wanted)
    at_once = _AT_ONCE if scope.department_ids is None else _AT_ONCE_CHECKED
    for start in range(0, len(member_ids), at_once):
        group = {member_id: wanted[member_id] for member_id in member_ids[start : start + at_once]}
        results += until_settled(partial(_enter_group, scope, session, group, now))
    return AttendanceOut(results=results)


def _enter_group(
    scope: Scope, session: Session, group: dict[str, ParticipantStatus], now: datetime
) -> list[AttendanceResult]:
    reach = reach_of(scope, group)
    found = participant_store.participants_by_id(scope.org, session.session_id, group)
    results: list[AttendanceResult] = []
    entered: list[tuple[Participant, ParticipantStatus]] = []
    for member_id, status in group.items():
        participant = found.get(member_id)
        if participant is None or (reach is not None and member_id not in reach.members):
            results.append(not_participant(member_id))
        elif participant.status not in SEATED:
            results.append(no_place(participant))
        else:
            results.append(AttendanceResult(member_id=member_id, done=True, code=None, sentence=None))
            if participant.status != status:
                entered.append((participant, status))
    if entered:
        certificates, more = certify.certificates(scope, session, entered, now)
        writes = []
        for participant, status in entered:
            changes: dict[str, Any] = {"status": status.value, "attendance_at": to_text(now)}
            if participant.member_id in certificates:
                changes["certificate_id"] = certificates[participant.member_id]
            writes.append(participant_store.change_write(participant, **changes))
        if reach is not None:
            more += reach.checks(participant.member_id for participant, _ in entered)
        after = {participant.member_id: status.value for participant, status in entered}
        entry = AuditEntry(scope.account_id, "attendance.entered", f"session/{session.session_id}", after=after)
        audit.commit(scope.tenant_pk, entry, [*writes, *more], now)
    return results


def not_participant(member_id: str) -> AttendanceResult:
    sentence = "This person is not in this session."
    return AttendanceResult(member_id=member_id, done=False, code="not_participant", sentence=sentence)


def no_place(participant: Participant) -> AttendanceResult:
    sentence = f"This person has no place in this session: the status is {participant.status}."
    return AttendanceResult(member_id=participant.member_id, done=False, code="no_place", sentence=sentence)


def _enter(scope: Scope, training_id: str, member_id: str, fields: dict[str, Any], now: datetime) -> None:
    def step() -> None:
        session, participant = _held(scope.org, training_id, member_id)
        _refuse_early(session, now)
        if participant.status not in SEATED:
            raise Conflict("no_place", f"This person has no place in this session: the status is {participant.status}.")
        changes = {name: value for name, value in fields.items() if name in ("score", "comment")}
        if "attendance" in fields and fields["attendance"] != participant.status:
            changes |= {"status": fields["attendance"], "attendance_at": to_text(now)}
        changes = {name: value for name, value in changes.items() if getattr(participant, name) != value}
        if not changes:
            return
        # A comment is about a person: the trail says that there is another one, not which.
        shown = {name: value for name, value in changes.items() if name in ("status", "score")}
        before = {name: getattr(participant, name) for name in shown}
        certificates: list[Write] = []
        if "status" in changes:
            status = ParticipantStatus(changes["status"])
            ids, certificates = certify.certificates(scope, session, [(participant, status)], now)
            changes |= dict.fromkeys(["certificate_id"], ids[member_id]) if ids else {}
        entry = AuditEntry(
            scope.account_id, "participant.result", f"member/{member_id}", before,
            {**shown, "session_id": session.session_id, "fields": sorted(changes.keys() - {"certificate_id"})},
        )  # fmt: skip
        write = participant_store.change_write(participant, **changes)
        audit.commit(scope.tenant_pk, entry, [write, *certificates, *reach_writes(scope, member_id)], now)

    until_settled(step)


def _held(org_id: str, training_id: str, member_id: str) -> tuple[Session, Participant]:
    """Raises NotFound."""
    held = participant_store.held(org_id, member_id, training_id)
    if held is None or held.participant is None or held.session is None:
        raise NotFound("This person isn't in a session of this training")
    return held.session, held.participant


def _refuse_early(session: Session, now: datetime) -> None:
    if not session.is_open:
        raise Conflict("session_cancelled", "This session was cancelled.")
    if not places.has_started(session, now):
        raise Conflict("not_started", "You can enter attendance and results once the session has started.")
