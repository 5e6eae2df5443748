"""One member and one row of a group's batch: what is stored about the two, and the writes of a join."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.aws import table
from chalicelib.aws.table import Write, put_new
from chalicelib.core.clock import to_text
from chalicelib.core.errors import NotFound
from chalicelib.core.ids import new_id
from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import Member, member_ref
from chalicelib.tenants.organizations.models import Org, entitlements_ref, org_ref
from chalicelib.tenants.organizations.seat_store import reserve_writes, seat_limit_in
from chalicelib.tenants.structure.models import Group, group_ref
from chalicelib.training.auto_enrollment.models import (
    MAX_JOINS,
    ProcessedJoins,
    group_batch_id,
    member_result_ref,
    processed_joins_ref,
)
from chalicelib.training.batches import row_store
from chalicelib.training.batches.models import (
    Batch,
    ChunkResult,
    Enrollment,
    Row,
    batch_ref,
    enrollment_ref,
    enrollment_sk,
    history_sk,
    learner_pk,
    learner_shard,
    row_ref,
    row_shard,
)
from chalicelib.training.batches.row_store import Move
from chalicelib.training.batches.states import JOINABLE, Code, EnrollmentStatus, Outcome, RowStatus, outcome_of
from chalicelib.training.batches.store import BatchKey, add_open_due

# Positions in the transaction of `enroll`: the seat, and the limit that it was taken under.
SEAT, LIMIT = 1, 2

_COUNT_BY_OUTCOME = {
    Outcome.ENROLLED: "num_enrolled",
    Outcome.ALREADY_ENROLLED: "num_already",
    Outcome.ALREADY_COMPLETED: "num_skipped",
    Outcome.FAILED: "num_failed",
}


@dataclass(frozen=True)
class MemberState:
    """What is stored about one member and one row. `result` is why the row did not enroll the member, if so.

    A seat limit of 0 means no limit, None that the organization may not use the course.
    """

    key: BatchKey
    row: Row
    member_id: str
    seat_limit: int | None
    enrollment: Enrollment | None = None
    result: ChunkResult | None = None
    processed: ProcessedJoins | None = None

    @property
    def code(self) -> str | None:
        """Why the row did not enroll this member, as of the latest join."""
        return next(iter(self.result.member_ids_by_code)) if self.result else None

    def has_processed(self, join_id: str) -> bool:
        return self.processed is not None and join_id in self.processed.join_ids


def member_and_org(msp_id: str, org_id: str, member_id: str) -> tuple[Member | None, Org | None]:
    """One call."""
    return table.fetch(member_ref(org_id, member_id), org_ref(msp_id, org_id))


def org_and_groups(msp_id: str, org_id: str, group_ids: Iterable[str]) -> tuple[Org, dict[str, Group]]:
    """The organization, and those of the groups that exist, by id: one call. Raises NotFound."""
    org_key = org_ref(msp_id, org_id)
    group_keys = {group_id: group_ref(org_id, group_id) for group_id in group_ids}
    found = table.fetch_mixed([org_key, *group_keys.values()])
    org = found.get(org_key)
    if org is None:
        raise NotFound()
    groups = {group_id: found.get(key) for group_id, key in group_keys.items()}
    return org, {group_id: group for group_id, group in groups.items() if group is not None}


def groups_and_batches(org_id: str, group_ids: Iterable[str]) -> list[tuple[Group, Batch | None]]:
    """Those of the groups that exist, each with its first batch: one call."""
    keys = [(group_ref(org_id, group_id), batch_ref(org_id, group_batch_id(group_id))) for group_id in group_ids]
    found = table.fetch_mixed([ref for pair in keys for ref in pair])
    pairs = [(found.get(group), found.get(batch)) for group, batch in keys]
    return [(group, batch) for group, batch in pairs if group is not None]


def processed_pairs(
    org_id: str, group_id: str, course_ids: Sequence[str], member_ids: Sequence[str], join_id: str
) -> set[tuple[str, str]]:
    """The pairs of course and member for which this join was processed."""
    refs = {pair: processed_joins_ref(org_id, group_id, *pair) for pair in product(course_ids, member_ids)}
    found = table.fetch_mixed(refs.values())
    items = {pair: found.get(ref) for pair, ref in refs.items()}
    return {pair for pair, item in items.items() if item is not None and join_id in item.join_ids}


def member_state(key: BatchKey, group_id: str, course_id: str, member_id: str) -> MemberState | None:
    """One call. None when there is no such row."""
    row, result, processed, enrollment, entitlements = table.fetch(
        row_ref(key.org_id, key.batch_id, course_id),
        member_result_ref(key.org_id, key.batch_id, course_id, member_id),
        processed_joins_ref(key.org_id, group_id, course_id, member_id),
        enrollment_ref(key.org_id, member_id, course_id),
        entitlements_ref(key.org_id),
    )
    if row is None:
        return None
    return MemberState(key, row, member_id, seat_limit_in(entitlements, course_id), enrollment, result, processed)


def enroll(
    state: MemberState,
    join_id: str,
    due_by: str | None,
    now: datetime,
    origin: str | None = None,
) -> None:
    """Enroll the member, in place of an enrollment that was cancelled.

    ConditionFailed when anything changed since it was read; with position SEAT alone, when no seat is free.
    """
    org_id, course_id = state.key.org_id, state.row.course_id
    processed, is_active, *enrollment = member_writes(state, join_id, due_by, now, origin)
    table.transact(
        [
            processed,
            *reserve_writes(org_id, course_id, 1, state.seat_limit or 0),
            is_active,
            *enrollment,
            *([Write("delete", state.result)] if state.result else []),
            *_row_writes(state, Outcome.ENROLLED, due_by),
        ]
    )


def refuse(state: MemberState, join_id: str, code: Code, now: datetime) -> None:
    """Record why the row does not enroll the member, as of this join. ConditionFailed as above."""
    processed = _processed_write(state, join_id)
    outcome = outcome_of(code)
    counts: dict[str, Any] = {name: int(counted == outcome) for counted, name in _COUNT_BY_OUTCOME.items()}
    ref = member_result_ref(state.key.org_id, state.key.batch_id, state.row.course_id, state.member_id)
    result = ChunkResult(
        ref.pk,
        ref.sk,
        run=1,
        num_targeted=1,
        **counts,
        member_ids_by_code={code.value: [state.member_id]},
        ran_at=[to_text(now)],
    )
    counted = [] if state.code == code else _row_writes(state, outcome, None)
    table.transact([processed, Write("put", result), *counted])


def leave_as_is(state: MemberState, join_id: str) -> None:
    """The member is enrolled by the row, or is none of its learners any more: an earlier refusal goes.

    ConditionFailed as above.
    """
    cleared = [Write("delete", state.result), *_row_writes(state, None, None)] if state.result else []
    table.transact([_processed_write(state, join_id), *cleared])


def member_writes(
    state: MemberState, join_id: str, due_by: str | None, now: datetime, origin: str | None = None
) -> list[Write]:
    """What belongs to one member when a row enrolls them: the join, the check that they are active, the enrollment."""
    is_active = members_store.active_check(state.key.org_id, state.member_id)
    return [_processed_write(state, join_id), is_active, *_enrollment_writes(state, due_by, now, origin)]


def same_due_date(row: Row) -> Condition:
    return Row.due_by.does_not_exist() if row.due_by is None else Row.due_by == row.due_by


def _processed_write(state: MemberState, join_id: str) -> Write:
    """ConditionFailed when another delivery, or another join, was processed since this one was read."""
    before = list(state.processed.join_ids) if state.processed else []
    unchanged = ProcessedJoins.join_ids == before if state.processed else ProcessedJoins.pk.does_not_exist()
    ref = processed_joins_ref(state.key.org_id, str(state.row.group_id), state.row.course_id, state.member_id)
    return Write("put", ProcessedJoins(ref.pk, ref.sk, join_ids=[*before, join_id][-MAX_JOINS:]), unchanged)


def _enrollment_writes(state: MemberState, due_by: str | None, now: datetime, origin: str | None) -> list[Write]:
    key, old, course_id = state.key, state.enrollment, state.row.course_id
    new = Enrollment(
        learner_pk(key.org_id, state.member_id),
        enrollment_sk(course_id),
        row_shard=row_shard(key.org_id, key.batch_id, course_id, learner_shard(state.row, state.member_id)),
        batch_id=key.batch_id,
        status=EnrollmentStatus.ENROLLED.value,
        enrolled_at=to_text(now),
        due_by=due_by,
        origin=origin,
    )
    if old is None:
        return [put_new(new)]
    new.revision = old.revision + 1
    kept = Enrollment.from_raw_data(old.serialize())
    kept.sk = history_sk(course_id, new_id(now))
    return [Write("put", new, Enrollment.revision == old.revision), put_new(kept)]


def _row_writes(state: MemberState, outcome: Outcome | None, due_by: str | None) -> list[Write]:
    """Count the member under this outcome and no longer under an earlier one.

    The row is partial while anybody failed.
    """
    row = state.row
    counts: Counter[str] = Counter()
    if outcome is not None:
        counts.update([_COUNT_BY_OUTCOME[outcome], "num_targeted"])
    if state.code is not None:
        counts.subtract([_COUNT_BY_OUTCOME[outcome_of(state.code)], "num_targeted"])
    actions: list[Action] = [getattr(Row, name).add(number) for name, number in sorted(counts.items()) if number]
    if due_by:
        actions.append(add_open_due(due_by, 1))
    if not actions:
        return []
    if not counts["num_failed"]:
        is_open = Row.status.is_in(*(status.value for status in JOINABLE))
        return [Write("update", Row(row.pk, row.sk), is_open & same_due_date(row), tuple(actions))]
    num_failed = row.num_failed + counts["num_failed"]
    unchanged = same_due_date(row) & (Row.num_failed == row.num_failed)
    status = RowStatus.PARTIAL if num_failed else RowStatus.ENROLLED
    if status == row.status:
        same_status: Condition = Row.status == row.status
        return [Write("update", Row(row.pk, row.sk), same_status & unchanged, tuple(actions))]
    code = Row.code.set(Code.SOME_FAILED.value) if num_failed else Row.code.remove()
    moved, *others = row_store.move_writes(state.key, [Move(row, status, (*actions, code))])
    if moved.condition is None:
        raise ValueError("a row moves from the status that it was read in")
    return [replace(moved, condition=moved.condition & unchanged), *others]
