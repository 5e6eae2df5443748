"""Writes of progress: an enrollment and the counts of its row change together."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.aws import table
from chalicelib.aws.table import Action, Write
from chalicelib.core.clock import to_text
from chalicelib.tenants.organizations.revision_store import bump_revision
from chalicelib.tenants.organizations.seat_store import count_write
from chalicelib.training.batches import enrollment_store
from chalicelib.training.batches.models import Enrollment, Row
from chalicelib.training.batches.states import EnrollmentStatus
from chalicelib.training.batches.store import add_open_due

# New values of an enrollment, by the names of its attributes; None takes an attribute away.
Values = Mapping[str, Any]


def change_writes(org_id: str, old: Enrollment, values: Values) -> list[Write]:
    """Give an enrollment new values, and count them on the row that made it.

    ConditionFailed with index 0 when the enrollment changed since it was read.
    """
    is_counted = old.batch_id and not old.left_at
    row = enrollment_store.row_key(org_id, str(old.batch_id), old.course_id) if is_counted else None
    writes = enrollment_store.change_writes(old, actions_of(values), row, _row_actions(old, values))
    completes = values.get("status") == EnrollmentStatus.COMPLETED
    return [*writes, bump_revision(org_id, "completions")] if completes else writes


def change(org_id: str, old: Enrollment, values: Values, writes: Sequence[Write] = ()) -> None:
    """In a transaction of its own, with what else belongs to it. ConditionFailed as above."""
    table.transact([*change_writes(org_id, old, values), *writes])


def cancel_writes(org_id: str, old: Enrollment, account_id: str, now: datetime) -> list[Write]:
    """Cancel one that is not completed, free its seat, and count it as withdrawn on the row that made it.

    `changed_by` stays: a bulk change that is at work on the row goes by it. ConditionFailed as above.
    """
    actions: list[Action] = [
        Enrollment.status.set(EnrollmentStatus.CANCELLED.value),
        Enrollment.cancelled_at.set(to_text(now)),
        Enrollment.cancelled_by.set(account_id),
    ]
    row_actions: list[Action] = [Row.num_withdrawn.add(1)]
    if old.due_by:
        row_actions.append(add_open_due(old.due_by, -1))
    if old.status == EnrollmentStatus.IN_PROGRESS:
        row_actions.append(Row.num_started.add(-1))
    row = enrollment_store.row_key(org_id, old.batch_id, old.course_id) if old.batch_id else None
    writes = enrollment_store.change_writes(old, actions, row, row_actions)
    return [*writes, count_write(org_id, old.course_id, -1), bump_revision(org_id, "enrollments")]


def actions_of(values: Values) -> list[Action]:
    attributes = {name: getattr(Enrollment, name) for name in values}
    return [
        attribute.remove() if values[name] is None else attribute.set(values[name])
        for name, attribute in attributes.items()
    ]


def _row_actions(old: Enrollment, values: Values) -> Sequence[Action]:
    """A learner who has completed has started too. Open due dates are those of learners who have not completed."""
    actions: list[Action] = []
    status = values.get("status")
    if status == EnrollmentStatus.COMPLETED:
        actions.append(Row.num_completed.add(1))
    if status is not None and old.status == EnrollmentStatus.ENROLLED:
        actions.append(Row.num_started.add(1))
    if old.due_by and ("due_by" in values or status == EnrollmentStatus.COMPLETED):
        actions.append(add_open_due(old.due_by, -1))
    if values.get("due_by"):
        actions.append(add_open_due(values["due_by"], 1))
    return actions
