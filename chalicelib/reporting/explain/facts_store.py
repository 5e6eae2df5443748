"""All that is on record about one person and one course: read once, some calls for every hundred batches."""

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from chalicelib.aws import table
from chalicelib.aws.table import Ref
from chalicelib.people.members import history_store
from chalicelib.people.members.models import Member, MemberChange
from chalicelib.tenants.organizations.seat_store import entitled_courses
from chalicelib.tenants.structure import store as structure_store
from chalicelib.tenants.structure.models import Group
from chalicelib.training.auto_enrollment.models import ProcessedJoins, member_result_ref, processed_joins_ref
from chalicelib.training.batches import enrollment_store
from chalicelib.training.batches import store as batches_store
from chalicelib.training.batches.models import (
    Batch,
    ChunkResult,
    Enrollment,
    Partition,
    Row,
    batch_pk,
    chunk_sk,
    partition_sk,
    row_ref,
)
from chalicelib.training.bulk_changes.models import UNDO_ID, BulkChange, change_ref


@dataclass(frozen=True)
class Attempt:
    """One batch's row of the course. `result` is that of the person's range, or for a group's row of the person."""

    batch: Batch
    row: Row
    partition: Partition | None
    result: ChunkResult | None
    undo: BulkChange | None
    # Why the batch did not newly enroll the person, as of its latest run.
    code: str | None

    @property
    def ran_at(self) -> list[str]:
        """When its runs looked for their recipients in the person's range."""
        return list(self.result.ran_at or ()) if self.result is not None else []


@dataclass(frozen=True)
class GroupGift:
    """A group that gives the course to whoever joins it. `joins` are the person's that were processed for it."""

    group: Group
    joins: ProcessedJoins | None


@dataclass(frozen=True)
class Facts:
    """`enrollments` are the current one and history, the oldest first; `attempts` in the order of launch.

    `held` are all enrollments, also those that admins no longer see.
    """

    member: Member
    changes: Sequence[MemberChange]
    enrollments: Sequence[Enrollment]
    held: Sequence[Enrollment]
    attempts: Sequence[Attempt]
    groups: Sequence[Group]
    gifts: Sequence[GroupGift]
    has_access: bool
    # Batches whose rows are not there yet.
    new_batches: Sequence[Batch] = ()

    def without(self, batch_ids: Collection[str | None], enrollments: Sequence[Enrollment]) -> "Facts":
        """Only these enrollments, and nothing of the batches that made others."""
        attempts = [one for one in self.attempts if one.batch.batch_id not in batch_ids]
        return replace(self, enrollments=enrollments, attempts=attempts)


def facts_of(member: Member, org_id: str, course_id: str) -> Facts:
    member_id = member.member_id
    groups = structure_store.groups(org_id)
    with_course = [group for group in groups if course_id in group.course_ids]
    refs = {one.group_id: processed_joins_ref(org_id, one.group_id, course_id, member_id) for one in with_course}
    joins = table.fetch_mixed(refs.values())
    changes = history_store.changes_of(org_id, member)
    enrollments = enrollment_store.enrollments_of_course(org_id, member_id, course_id)
    batches = batches_store.all_batches(org_id)
    attempts = _attempts(org_id, member_id, course_id, batches)
    with_row = {one.batch.batch_id for one in attempts}
    return Facts(
        member=member,
        changes=changes,
        enrollments=enrollments,
        held=enrollments,
        attempts=attempts,
        groups=groups,
        gifts=[GroupGift(group, joins.get(refs[group.group_id])) for group in with_course],
        has_access=course_id in entitled_courses(org_id),
        new_batches=[one for one in batches if one.expanded_at is None and one.batch_id not in with_row],
    )


def _attempts(org_id: str, member_id: str, course_id: str, batches: Sequence[Batch]) -> list[Attempt]:
    row_refs = {batch.batch_id: row_ref(org_id, batch.batch_id, course_id) for batch in batches}
    rows = table.fetch_mixed(row_refs.values())
    found = [(batch, row) for batch in batches if (row := rows.get(row_refs[batch.batch_id])) is not None]
    undo_refs = {batch.batch_id: change_ref(org_id, batch.batch_id, UNDO_ID) for batch, _ in found}
    partition_refs = {batch.batch_id: _partition_ref(org_id, batch, row) for batch, row in found if row.partition_id}
    first = table.fetch_mixed([*undo_refs.values(), *partition_refs.values()])
    partitions = {batch_id: first.get(ref) for batch_id, ref in partition_refs.items()}
    result_refs = {
        batch.batch_id: ref
        for batch, row in found
        if (ref := _result_ref(org_id, member_id, batch, row, partitions.get(batch.batch_id))) is not None
    }
    results = table.fetch_mixed(result_refs.values())
    return [
        _attempt(
            member_id,
            batch,
            row,
            partitions.get(batch.batch_id),
            results.get(result_refs[batch.batch_id]) if batch.batch_id in result_refs else None,
            first.get(undo_refs[batch.batch_id]),
        )
        for batch, row in found
    ]


def _attempt(
    member_id: str,
    batch: Batch,
    row: Row,
    partition: Partition | None,
    result: ChunkResult | None,
    undo: BulkChange | None,
) -> Attempt:
    ids_by_code = result.member_ids_by_code if result is not None else {}
    code = next((code for code, member_ids in ids_by_code.items() if member_id in member_ids), None)
    return Attempt(batch, row, partition, result, undo, code)


def _partition_ref(org_id: str, batch: Batch, row: Row) -> Ref[Partition]:
    return Ref(Partition, batch_pk(org_id, batch.batch_id), partition_sk(str(row.partition_id)))


def _result_ref(
    org_id: str, member_id: str, batch: Batch, row: Row, partition: Partition | None
) -> Ref[ChunkResult] | None:
    if batch.group_id is not None:
        return member_result_ref(org_id, batch.batch_id, row.course_id, member_id)
    if partition is None or not partition.bounds:
        return None
    # Range n ends with bound n; the last is open.
    chunk = min(bisect_left(list(partition.bounds), member_id), len(partition.bounds) - 1)
    return Ref(ChunkResult, batch_pk(org_id, batch.batch_id), chunk_sk(row.course_id, chunk))
