"""Writes of progress: an enrollment and the counts of its row change together."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.aws import table
from chalicelib.aws.table import Action, Ref, Write
from chalicelib.core.clock import to_text
from chalicelib.tenants.organizations.revision_store import bump_revision
from chalicelib.tenants.organizations.seat_store import count_write
from chalicelib.training.batches import enrollment_store
from chalicelib.training.batches.models import Enrollment, Row
from chalicelib.training.batches.states import EnrollmentStatus
from chalicelib.training.batches.store import add_open_due

# New values of an enrollment, by the names of its attributes; None takes an attribute away.
Values = Mapping[str, Any]


def change_writes(old: Enrollment, values: Values) -> list[Write]:
    """Give an enrollment new values, and count them on the row that made it; so too those that it is one with.

    ConditionFailed with index 0 when the enrollment changed since it was read, a later one when one of the others did.
    """
    return together([(old, values), *((other, news(other, old, values)) for other in one_with(old))])


def change(old: Enrollment, values: Values, writes: Sequence[Write] = ()) -> None:
    """In a transaction of its own, with what else belongs to it. ConditionFailed as above."""
    table.transact([*change_writes(old, values), *writes])


def one_with(*enrollments: Enrollment) -> list[Enrollment]:
    """All that are one with these, over any number of organizations, without these. Each names the other."""
    known = {one.link: one for one in enrollments}
    found = list(enrollments)
    while found:
        named = {link: one.link for one in found for link in one.one_with or () if link not in known}
        others = table.fetch_all(_ref_of(link) for link in named) if named else []
        # What was enrolled anew since then is another one, and does not name it back.
        found = [other for other in others if named[other.link] in (other.one_with or ())]
        known |= {other.link: other for other in found}
    return list(known.values())[len(enrollments) :]


def _ref_of(link: str) -> Ref[Enrollment]:
    pk, _, sk = link.partition(" ")
    return Ref(Enrollment, pk, sk)


def news(other: Enrollment, old: Enrollment, values: Values) -> Values:
    """What `other` takes over when `old`, which it is one with, gets these values: progress, or a corrected result."""
    if other.status == EnrollmentStatus.CANCELLED or not values.keys() & {"status", "completed_at", "score"}:
        return {}
    after: dict[str, Any] = {name: values.get(name, getattr(old, name)) for name in _PROGRESS}
    is_behind = _RANK[EnrollmentStatus(after["status"])] > _RANK[EnrollmentStatus(other.status)]
    is_corrected = EnrollmentStatus.COMPLETED == old.status == other.status
    if not is_behind and not is_corrected:
        return {}
    if other.started_at:
        del after["started_at"]
    return {name: value for name, value in after.items() if value is not None and value != getattr(other, name)}


def is_further(one: Enrollment, other: Enrollment) -> bool:
    return _RANK[EnrollmentStatus(one.status)] > _RANK[EnrollmentStatus(other.status)]


def together(changes: Iterable[tuple[Enrollment, Values]]) -> list[Write]:
    """Each of these enrollments with its new values, in one transaction, conditional on what was read."""
    writes: list[Write] = []
    completing: set[str] = set()
    for old, values in changes:
        if not values:
            continue
        org_id = enrollment_store.org_of(old.pk)
        is_counted = org_id and old.batch_id and not old.left_at
        row = enrollment_store.row_key(str(org_id), str(old.batch_id), old.course_id) if is_counted else None
        writes += enrollment_store.change_writes(old, actions_of(values), row, _row_actions(old, values))
        if org_id and values.get("status") == EnrollmentStatus.COMPLETED:
            completing.add(org_id)
    return [*writes, *(bump_revision(org_id, "completions") for org_id in sorted(completing))]


_PROGRESS = ("status", "started_at", "completed_at", "score")
_RANK = {EnrollmentStatus.ENROLLED: 0, EnrollmentStatus.IN_PROGRESS: 1, EnrollmentStatus.COMPLETED: 2}


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
    return [*writes, count_write(org_id, old.course_id, -1)]


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
