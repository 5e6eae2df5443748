"""A batch's rows: created once, with their instants in the client's own time zone."""

from datetime import datetime

from chalicelib.core.clock import to_instant, to_text
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.settle import until_settled
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.organizations.lookups import zone_of
from chalicelib.tenants.organizations.models import Org
from chalicelib.training.batches import row_store
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.local_dates import enroll_instant, local_date, parse_hour
from chalicelib.training.batches.models import Batch, Row, batch_pk, row_sk
from chalicelib.training.batches.schemas import Plan
from chalicelib.training.batches.states import RowStatus
from chalicelib.training.batches.store import BatchKey

_TRIES = 4


def create_rows(key: BatchKey, batch: Batch, now: datetime) -> None:
    """Create the rows, count them, add to the audit trail; nothing when another delivery did."""

    def step() -> None:
        plan, org = batch_store.plan_and_org(key, batch.rollout_id)
        rows = _rows(key, batch, plan, org)
        change = AuditEntry(
            batch.created_by,
            "batch.launched",
            f"batch/{key.batch_id}",
            after={"name": plan.name, "rollout_id": batch.rollout_id, "courses": [row.course_id for row in rows]},
        )
        try:
            audit.commit(org_pk(key.org_id), change, row_store.create_rows_writes(key, org, rows, now), now)
        except ConditionFailed as error:
            if 0 not in error.failed:
                # The client's zone or hour changed since it was read; nothing would move these rows later.
                raise

    until_settled(step, _TRIES)


def planned_rows(key: BatchKey, batch: Batch) -> list[Row]:
    """The rows of a batch whose job has not created them yet, as it would create them now; nothing is stored."""
    plan, org = batch_store.plan_and_org(key, batch.rollout_id)
    return _rows(key, batch, plan, org)


def stored_or_planned_row(key: BatchKey, course_id: str) -> Row | None:
    row = batch_store.row(key, course_id)
    if row is not None:
        return row
    batch = batch_store.batch(key)
    if batch is None or batch.expanded_at is not None:
        # Its rows may have been created between the two reads.
        return batch_store.row(key, course_id) if batch is not None else None
    return next((row for row in planned_rows(key, batch) if row.course_id == course_id), None)


def _rows(key: BatchKey, batch: Batch, plan: Plan, org: Org) -> list[Row]:
    launched_at = to_instant(batch.created_at)
    return [
        Row(
            batch_pk(key.org_id, key.batch_id),
            row_sk(course.course_id),
            course_id=course.course_id,
            title=course.title,
            status=RowStatus.SCHEDULED.value,
            enroll_on=str(course.enroll_on or local_date(launched_at, zone_of(org))),
            enroll_at=to_text(enroll_instant(course.enroll_on, parse_hour(org.enroll_hour), zone_of(org), launched_at)),
            due_by=str(course.due_by) if course.due_by else None,
            mails=_switches(plan),
        )
        for course in plan.courses
    ]


def _switches(plan: Plan) -> str | None:
    """The mails that are switched on, as words."""
    on = [name for name, is_on in plan.notifications.model_dump().items() if is_on]
    return " ".join(on) or None
