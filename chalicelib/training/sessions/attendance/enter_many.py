"""Attendance and results of up to 1,000 people of a session in one request, each with a line in the answer."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from chalicelib.core.errors import FieldError, Invalid
from chalicelib.core.settle import until_settled
from chalicelib.people.members.reach import reach_of
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.training.sessions import participant_changes, participant_store
from chalicelib.training.sessions.participant_schemas import (
    MAX_ATTENDANCE,
    AttendanceForm,
    AttendanceOut,
    AttendanceResult,
    ResultEntry,
)
from chalicelib.training.sessions.states import SEATED

# People whose results one transaction writes; each with two more, the checks of a limited admin's reach.
_AT_ONCE, _AT_ONCE_CHECKED = 40, 30


def enter(scope: Scope, training_id: str, session_id: str, form: AttendanceForm, now: datetime) -> AttendanceOut:
    """Attendance first, then results. Entering it again changes nothing.

    Raises NotFound; Conflict before the session's start; Invalid for a person twice, or too many of them.
    """
    asked = _asked(form)
    attendance = participant_changes.enter_attendance(scope, training_id, session_id, form, now)
    line_by_member = {line.member_id: line for line in attendance.results}
    at_once = _AT_ONCE if scope.department_ids is None else _AT_ONCE_CHECKED
    for start in range(0, len(form.results), at_once):
        group = form.results[start : start + at_once]
        line_by_member |= until_settled(partial(_enter_group, scope, session_id, group, now))
    return AttendanceOut(results=[line_by_member[member_id] for member_id in asked])


def _asked(form: AttendanceForm) -> list[str]:
    """Everybody who is named, each once."""
    if set(form.attended) & set(form.absent):
        raise Invalid(FieldError("absent", "repeated", "A person can't be both attended and absent."))
    with_result = [one.member_id for one in form.results]
    if len(set(with_result)) < len(with_result):
        raise Invalid(FieldError("results", "repeated", "Give each person's result once."))
    asked = list(dict.fromkeys([*form.attended, *form.absent, *with_result]))
    if len(asked) > MAX_ATTENDANCE:
        problem = f"Up to {MAX_ATTENDANCE:,} people at a time. Send the others in a second request."
        raise Invalid(FieldError("attended", "too_many", problem))
    return asked


def _enter_group(
    scope: Scope, session_id: str, group: Sequence[ResultEntry], now: datetime
) -> dict[str, AttendanceResult]:
    reach = reach_of(scope, [one.member_id for one in group])
    found = participant_store.participants_by_id(scope.org, session_id, [one.member_id for one in group])
    lines, writes, entered = {}, [], {}
    for one in group:
        participant = found.get(one.member_id)
        if participant is None or (reach is not None and one.member_id not in reach.members):
            lines[one.member_id] = participant_changes.not_participant(one.member_id)
        elif participant.status not in SEATED:
            lines[one.member_id] = participant_changes.no_place(participant)
        else:
            lines[one.member_id] = AttendanceResult(member_id=one.member_id, done=True, code=None, sentence=None)
            given = one.model_dump(exclude_unset=True, exclude={"member_id"})
            changes = {name: value for name, value in given.items() if getattr(participant, name) != value}
            if changes:
                writes.append(participant_store.change_write(participant, **changes))
                # A comment is about a person: the trail says that there is another one, not which.
                entered[one.member_id] = {"fields": sorted(changes), "score": changes.get("score", participant.score)}
    if writes:
        if reach is not None:
            writes += reach.checks(entered)
        entry = AuditEntry(scope.account_id, "results.entered", f"session/{session_id}", after=entered)
        audit.commit(scope.tenant_pk, entry, writes, now)
    return lines
