"""Several members and one row: those who are new to it are enrolled in one transaction, since all count on the row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pynamodb.expressions.update import Action

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.tenants.organizations.models import entitlements_ref
from chalicelib.tenants.organizations.seat_store import reserve_writes, seat_limit_in
from chalicelib.training.auto_enrollment.models import processed_joins_ref
from chalicelib.training.auto_enrollment.store import MemberState, member_writes, same_due_date
from chalicelib.training.batches.models import Row, enrollment_ref, row_ref
from chalicelib.training.batches.states import JOINABLE
from chalicelib.training.batches.store import BatchKey, add_open_due


@dataclass(frozen=True)
class NewMembers:
    """Members with no enrollment in the row's course, and none of whose joins it has processed.

    A seat limit of 0 means no limit, None that the organization may not use the course.
    """

    key: BatchKey
    row: Row
    member_ids: list[str]
    seat_limit: int | None


def new_members(key: BatchKey, group_id: str, course_id: str, member_ids: Sequence[str]) -> NewMembers | None:
    """Those of the members who are new to the row: one call. None when there is no such row."""
    row_key, entitlements_key = row_ref(key.org_id, key.batch_id, course_id), entitlements_ref(key.org_id)
    traces = {
        member_id: (
            enrollment_ref(key.org_id, member_id, course_id),
            processed_joins_ref(key.org_id, group_id, course_id, member_id),
        )
        for member_id in member_ids
    }
    found = table.fetch_mixed([row_key, entitlements_key, *(ref for refs in traces.values() for ref in refs)])
    row = found.get(row_key)
    if row is None:
        return None
    are_new = [member_id for member_id, refs in traces.items() if not any(ref in found for ref in refs)]
    return NewMembers(key, row, are_new, seat_limit_in(found.get(entitlements_key), course_id))


def enroll_together(new: NewMembers, join_id: str, due_by: str | None, now: datetime) -> None:
    """Enroll all of them, or nobody.

    ConditionFailed when one of them is not new any more, the row changed, or there are not seats for all.
    """
    key, row, number, limit = new.key, new.row, len(new.member_ids), new.seat_limit or 0
    actions: list[Action] = [Row.num_enrolled.add(number), Row.num_targeted.add(number)]
    if due_by:
        actions.append(add_open_due(due_by, number))
    is_open = Row.status.is_in(*(status.value for status in JOINABLE)) & same_due_date(row)
    writes = [
        Write("update", Row(row.pk, row.sk), is_open, tuple(actions)),
        *reserve_writes(key.org_id, row.course_id, number, limit),
    ]
    for member_id in new.member_ids:
        writes += member_writes(MemberState(key, row, member_id, limit), join_id, due_by, now)
    table.transact(writes)
