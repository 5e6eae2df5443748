"""Enrollments: bulk inserts of a chunk, one learner's courses, and their guarded changes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pynamodb.expressions.update import Action

from chalicelib.aws import bulk, table
from chalicelib.aws.clients import client
from chalicelib.aws.failures import translated
from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.core.errors import NotFound
from chalicelib.core.ids import new_id
from chalicelib.core.paging import Page
from chalicelib.core.settings import settings
from chalicelib.training.batches.chunk_store import ChunkRun
from chalicelib.training.batches.models import (
    BY_ROW,
    Enrollment,
    Row,
    batch_pk,
    enrollment_ref,
    enrollment_sk,
    history_sk,
    learner_pk,
    learner_shard,
    row_shard,
    row_sk,
    shards_of_row,
)
from chalicelib.training.batches.states import EnrollmentStatus
from chalicelib.training.batches.store import BatchKey


@dataclass
class Inserted:
    """What an insert did, as member ids: created, enrolled in the course before, refused by DynamoDB for good.

    When an answer was lost on the way, somebody created is among the existing: read the enrollment to know.
    """

    created: list[str] = field(default_factory=list)
    existing: list[str] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)


def insert_enrollments(run: ChunkRun, member_ids: Sequence[str]) -> Inserted:
    """Create-only, 25 a call, stamped with the batch.

    Items are built as DynamoDB JSON by hand: a model for each would double the work per learner.
    """
    key, row = run.key, run.row
    shared = {
        "sk": {"S": enrollment_sk(row.course_id)},
        "batch_id": {"S": key.batch_id},
        "status": {"S": EnrollmentStatus.ENROLLED.value},
        "enrolled_at": {"S": to_text(run.now)},
        "revision": {"N": "1"},
    }
    if row.due_by:
        shared["due_by"] = {"S": row.due_by}
    shards = [{"S": row_shard(key.org_id, key.batch_id, row.course_id, shard)} for shard in shards_of_row(row)]
    items = [
        {
            "pk": {"S": learner_pk(key.org_id, member_id)},
            "row_shard": shards[learner_shard(row, member_id)],
            **shared,
        }
        for member_id in member_ids
    ]
    inserted = Inserted()
    ids_by_outcome = {bulk.CREATED: inserted.created, bulk.DUPLICATE: inserted.existing}
    outcomes = bulk.insert_new(settings().enrollments_table, items)
    for member_id, outcome in zip(member_ids, outcomes, strict=True):
        ids_by_outcome.get(outcome, inserted.rejected).append(member_id)
    return inserted


def enrollments_in(
    org_id: str, course_id: str, member_ids: Iterable[str], *, consistent: bool = True
) -> dict[str, Enrollment]:
    """The current enrollments of these members in one course, by member."""
    refs = [enrollment_ref(org_id, member_id, course_id) for member_id in member_ids]
    return {member_of(item.pk): item for item in table.fetch_all(refs, consistent=consistent)}


def replace_with_new(run: ChunkRun, member_id: str, old: Enrollment) -> None:
    """Keep `old` as history, still among the learners of the row that made it, and put a new one in its place.

    Raises ConditionFailed when the old one changed since it was read.
    """
    key, row = run.key, run.row
    kept = Enrollment.from_raw_data(old.serialize())
    kept.sk = history_sk(row.course_id, new_id(run.now))
    new = Enrollment(
        learner_pk(key.org_id, member_id),
        enrollment_sk(row.course_id),
        row_shard=row_shard(key.org_id, key.batch_id, row.course_id, learner_shard(row, member_id)),
        batch_id=key.batch_id,
        status=EnrollmentStatus.ENROLLED.value,
        enrolled_at=to_text(run.now),
        due_by=row.due_by,
        # Goes up with every enrollment under this key: a write for the old one fails on the new one.
        revision=old.revision + 1,
    )
    table.transact([Write("put", new, Enrollment.revision == old.revision), table.put_new(kept)])


def enrollment(org_id: str, member_id: str, sk: str) -> Enrollment | None:
    return table.get(Enrollment, learner_pk(org_id, member_id), sk)


def enrollment_at(pk: str, sk: str) -> Enrollment:
    """One that is known to be there: enrollments are never deleted, at most moved to history."""
    found = table.get(Enrollment, pk, sk)
    if found is None:
        raise NotFound()
    return found


def enrollments_of(org_id: str, member_id: str, limit: int, after: str | None) -> Page[Enrollment]:
    """Current ones and history, course by course."""
    return table.query(
        Enrollment, learner_pk(org_id, member_id), prefix=enrollment_sk(""), limit=limit, after=after, consistent=True
    )


def enrollments_of_course(org_id: str, member_id: str, course_id: str) -> list[Enrollment]:
    """The current one and history, the oldest first."""
    found = table.query_all(Enrollment, learner_pk(org_id, member_id), prefix=enrollment_sk(course_id))
    exact = [one for one in found if one.course_id == course_id]
    return sorted(exact, key=lambda one: (one.enrolled_at, "#HISTORY#" not in one.sk, one.sk))


def change_writes(
    old: Enrollment, enrollment_actions: Sequence[Action], row: Row | None, row_actions: Sequence[Action]
) -> list[Write]:
    """Change one enrollment, and the counts of the row that made it, together.

    ConditionFailed with index 0 when the enrollment changed since it was read.
    """
    actions = (*enrollment_actions, Enrollment.revision.add(1))
    writes = [Write("update", Enrollment(old.pk, old.sk), Enrollment.revision == old.revision, actions)]
    if row is not None and row_actions:
        writes.append(Write("update", row, Row.pk.exists(), tuple(row_actions)))
    return writes


def row_key(org_id: str, batch_id: str, course_id: str) -> Row:
    """A row to count on, by its key alone."""
    return Row(batch_pk(org_id, batch_id), row_sk(course_id))


def learners_of_row(key: BatchKey, course_id: str, shard: int, limit: int, after: str | None) -> Page[Enrollment]:
    """One shard of the row's learners, from the index, in the order of member ids.

    `after` is a position that this function gave: member id and sort key of the last item, joined by a space.
    """
    request = {
        "TableName": settings().enrollments_table,
        "IndexName": BY_ROW,
        "KeyConditionExpression": "row_shard = :shard",
        "ExpressionAttributeValues": {":shard": {"S": row_shard(key.org_id, key.batch_id, course_id, shard)}},
        "Limit": limit,
    }
    if after is not None:
        member_id, sk = after.split(" ")
        request["ExclusiveStartKey"] = {
            "pk": {"S": learner_pk(key.org_id, member_id)},
            "sk": {"S": sk},
            "row_shard": {"S": row_shard(key.org_id, key.batch_id, course_id, shard)},
        }
    with translated():
        answer = client("dynamodb").query(**request)
    last = answer.get("LastEvaluatedKey")
    items = [Enrollment.from_raw_data(raw) for raw in answer["Items"]]
    return Page(items, f"{member_of(last['pk']['S'])} {last['sk']['S']}" if last else None)


def enrollments_in_range(key: BatchKey, row: Row, chunk: int, after: str, until: str | None) -> list[Enrollment]:
    """What this row enrolled in one range, history included, by the index; in the order of member ids."""
    raw_items = _in_range(key, row, chunk, after, until, keys_only=False)
    return sorted(map(Enrollment.from_raw_data, raw_items), key=lambda enrollment: enrollment.key)


def members_of_range(run: ChunkRun) -> set[str]:
    """Whom this row has enrolled in the chunk's range, by the index: also those who match its recipients no more."""
    after, until = run.bounds
    raw_items = _in_range(run.key, run.row, run.chunk, after, until, keys_only=True)
    return {member_of(raw["pk"]["S"]) for raw in raw_items}


def _in_range(
    key: BatchKey, row: Row, chunk: int, after: str, until: str | None, *, keys_only: bool
) -> Iterator[dict[str, Any]]:
    # A chunk of a standing row is a shard; those of other rows are ranges of member ids, spread over all shards.
    for shard in [chunk] if row.group_id else shards_of_row(row):
        yield from _in_range_of_shard(key, row, shard, after, until, keys_only=keys_only)


def _in_range_of_shard(
    key: BatchKey, row: Row, shard: int, after: str, until: str | None, *, keys_only: bool
) -> Iterator[dict[str, Any]]:
    first = learner_pk(key.org_id, after)
    request: dict[str, Any] = {
        "TableName": settings().enrollments_table,
        "IndexName": BY_ROW,
        "KeyConditionExpression": "row_shard = :shard AND pk BETWEEN :first AND :last",
        "ExpressionAttributeValues": {
            ":shard": {"S": row_shard(key.org_id, key.batch_id, row.course_id, shard)},
            ":first": {"S": first},
            ":last": {"S": learner_pk(key.org_id, until or "~")},
        },
    }
    if keys_only:
        request["ProjectionExpression"] = "pk"
    while True:
        with translated():
            answer = client("dynamodb").query(**request)
        # BETWEEN takes both ends in; the one at `after` belongs to the range before.
        yield from (raw for raw in answer["Items"] if raw["pk"]["S"] != first)
        if "LastEvaluatedKey" not in answer:
            return
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def org_of(pk: str) -> str | None:
    """The organization whose enrollments are in this partition; None for a self-enrollment's."""
    kind, org_id, *_ = pk.split("#")
    return org_id if kind == "ORG" else None


def member_of(pk: str) -> str:
    """The member whose partition of enrollments this is."""
    return pk.rsplit("#", 1)[1]
