"""Batches of groups: created with their first rows, and extended as their group gets more courses."""

from collections.abc import Sequence

from chalicelib.aws import table
from chalicelib.aws.table import Write, put_new
from chalicelib.tenants.organizations.counter_store import counter_writes
from chalicelib.training.batches import store as batches_store
from chalicelib.training.batches.models import SPEC_SK, Batch, Partition, RolloutSpec, Row, rollout_pk
from chalicelib.training.batches.schemas import Plan
from chalicelib.training.batches.store import BatchKey


def create(key: BatchKey, batch: Batch, partition: Partition, rows: Sequence[Row], plan: Plan) -> None:
    """The rows count as enrolled from the start, since they enroll nobody by themselves.

    ConditionFailed when the batch exists.
    """
    batch.num_courses = batch.num_enrolled = len(rows)
    created = [put_new(batch), batches_store.put_partition(key, str(rows[0].partition_id), partition)]
    table.transact([*created, *_row_writes(key, rows, plan, num_batches=1)])


def add_rows(key: BatchKey, batch: Batch, rows: Sequence[Row], plan: Plan) -> None:
    """ConditionFailed when the batch changed since it was read."""
    unchanged = (Batch.num_courses == batch.num_courses) & (Batch.num_cancelled == 0)
    added = (Batch.num_courses.add(len(rows)), Batch.num_enrolled.add(len(rows)))
    extended = Write("update", Batch(batch.pk, batch.sk), unchanged, added)
    table.transact([extended, *_row_writes(key, rows, plan, num_batches=0)])


def _row_writes(key: BatchKey, rows: Sequence[Row], plan: Plan, num_batches: int) -> list[Write]:
    spec = RolloutSpec(rollout_pk(key.msp_id, key.batch_id), SPEC_SK, plan=plan.model_dump(mode="json"), results=[])
    counted = {"num_batches": num_batches, "num_courses": len(rows), "num_completed": len(rows)}
    return [Write("put", spec), *map(put_new, rows), *counter_writes(key.msp_id, key.org_id, counted)]
