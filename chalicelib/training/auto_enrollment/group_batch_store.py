"""Standing batches: made with their first rows, and given more as their group gets more courses."""

from collections.abc import Iterable, Sequence

from chalicelib.aws import table
from chalicelib.aws.table import Write, put_new
from chalicelib.tenants.courses.models import Course, courses_pk
from chalicelib.tenants.courses.models import course_sk as library_sk
from chalicelib.tenants.organizations.counter_store import counter_writes
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.models import SPEC_SK, Batch, Cut, RolloutSpec, Row, rollout_pk
from chalicelib.training.batches.schemas import Plan
from chalicelib.training.batches.store import BatchKey


def titles(msp_id: str, course_ids: Iterable[str]) -> dict[str, str]:
    """Of those courses that the library has."""
    wanted = [(Course, courses_pk(msp_id), library_sk(course_id)) for course_id in course_ids]
    found = table.batch_get(wanted, consistent=False)
    return {item.course_id: item.title for item in found.values() if isinstance(item, Course)}


def new_batch_writes(key: BatchKey, batch: Batch, cut: Cut, rows: Sequence[Row], plan: Plan) -> list[Write]:
    """Its rows ran already, for they enroll nobody by themselves. ConditionFailed when it is there."""
    batch.num_courses = batch.num_enrolled = len(rows)
    made = [put_new(batch), batch_store.put_cut(key, str(rows[0].cut_id), cut)]
    return [*made, *_rows_writes(key, rows, plan, num_batches=1)]


def more_rows_writes(key: BatchKey, batch: Batch, rows: Sequence[Row], plan: Plan) -> list[Write]:
    """ConditionFailed when the batch is not as it was read."""
    unchanged = (Batch.num_courses == batch.num_courses) & (Batch.num_cancelled == 0)
    more = (Batch.num_courses.add(len(rows)), Batch.num_enrolled.add(len(rows)))
    return [Write("update", Batch(batch.pk, batch.sk), unchanged, more), *_rows_writes(key, rows, plan, num_batches=0)]


def _rows_writes(key: BatchKey, rows: Sequence[Row], plan: Plan, num_batches: int) -> list[Write]:
    spec = RolloutSpec(rollout_pk(key.msp_id, key.batch_id), SPEC_SK, plan=plan.model_dump(mode="json"), results=[])
    counted = {"num_batches": num_batches, "num_courses": len(rows), "num_completed": len(rows)}
    return [Write("put", spec), *map(put_new, rows), *counter_writes(key.msp_id, key.org_id, counted)]
