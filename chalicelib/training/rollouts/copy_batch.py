"""A batch as the body of a new launch."""

from datetime import date, datetime

from chalicelib.core.clock import to_date
from chalicelib.core.errors import NotFound
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.organizations.lookups import zone_of
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.local_dates import is_due_date_after, local_date
from chalicelib.training.batches.models import Row
from chalicelib.training.batches.store import BatchKey
from chalicelib.training.rollouts.schemas import CourseChoice, Launch


def as_launch(scope: Scope, key: BatchKey, now: datetime) -> Launch:
    """Ready to launch again for this client. Dates that a launch would refuse are null."""
    batch = batch_store.batch(key)
    if batch is None:
        raise NotFound()
    plan, org = batch_store.plan_and_org(key, batch.rollout_id)
    today = local_date(now, zone_of(org))
    rows = {row.course_id: row for row in batch_store.rows(key, consistent=False)}
    return Launch(
        name=plan.name,
        org_ids=[key.org_id],
        courses=[_choice(course.course_id, rows.get(course.course_id), today) for course in plan.courses],
        targeting=plan.targeting,
        notifications=plan.notifications,
        reenroll_completed=plan.reenroll_completed,
    )


def _choice(course_id: str, row: Row | None, today: date) -> CourseChoice:
    if row is None:
        return CourseChoice(course_id=course_id)
    enroll_on = to_date(row.enroll_on) if row.enroll_on and to_date(row.enroll_on) > today else None
    due_by = to_date(row.due_by) if row.due_by and is_due_date_after(enroll_on or today, to_date(row.due_by)) else None
    return CourseChoice(course_id=course_id, enroll_on=enroll_on, due_by=due_by)
