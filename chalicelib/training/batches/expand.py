"""A batch's rows: made once, with their instants in the client's own time zone."""

from datetime import datetime

from chalicelib.aws import table
from chalicelib.core.clock import to_instant, to_text
from chalicelib.core.errors import ConditionFailed, Unavailable
from chalicelib.tenants.access.models import msp_pk, org_pk
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.organizations.lookups import zone_of
from chalicelib.tenants.organizations.models import Org, org_sk
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.local_dates import enroll_instant, local_date, parse_hour
from chalicelib.training.batches.models import SPEC_SK, Batch, RolloutSpec, Row, batch_pk, rollout_pk, row_sk
from chalicelib.training.batches.schedule import is_later, next_due, set_next_date
from chalicelib.training.batches.schemas import Plan
from chalicelib.training.batches.states import RowStatus
from chalicelib.training.batches.store import BatchKey

_TRIES = 4


def plan_and_org(key: BatchKey, rollout_id: str) -> tuple[Plan, Org]:
    """What was asked, and the client as it is now: one call. Neither is ever deleted before its batches."""
    spec_key = (rollout_pk(key.msp_id, rollout_id), SPEC_SK)
    org_key = (msp_pk(key.msp_id), org_sk(key.org_id))
    found = table.batch_get([(RolloutSpec, *spec_key), (Org, *org_key)])
    spec, org = found[spec_key], found[org_key]
    if not isinstance(spec, RolloutSpec) or not isinstance(org, Org):
        raise TypeError("these keys hold other items")
    return Plan.model_validate(spec.plan), org


def expand(key: BatchKey, batch: Batch, now: datetime) -> None:
    """Make the rows, count them, tell the audit trail; nothing when another delivery did."""
    for _ in range(_TRIES):
        plan, org = plan_and_org(key, batch.rollout_id)
        rows = _rows(key, batch, plan, org)
        next_date = set_next_date([row for row in rows if is_later(row, now)])
        writes = batch_store.expand_writes(key, org, rows, Batch.expanded_at.set(to_text(now)), next_date)
        change = AuditEntry(
            batch.created_by,
            "batch.launched",
            f"batch/{key.batch_id}",
            after={"name": plan.name, "rollout_id": batch.rollout_id, "courses": [row.course_id for row in rows]},
        )
        try:
            audit.commit(org_pk(key.org_id), change, [*writes, *next_due(key, rows, now)], now)
            return
        except ConditionFailed as error:
            if 0 in error.failed:
                return
            # The client's zone or hour changed since it was read; nobody would move these rows after it.
    raise Unavailable()


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
    on = [name for name, is_on in plan.notifications.model_dump().items() if is_on]
    return " ".join(on) or None
