"""A batch as the body of a new launch."""

from collections.abc import Collection
from datetime import date, datetime

from pydantic import ValidationError

from chalicelib.core.clock import to_date
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.tenants.organizations.lookups import zone_of
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.local_dates import is_due_date_after, local_date
from chalicelib.training.batches.models import Row
from chalicelib.training.batches.schemas import ClientTargeting, Plan, Targeting
from chalicelib.training.batches.store import BatchKey
from chalicelib.training.rollouts.schemas import CourseChoice, Launch, OrgLaunch


def as_launch(key: BatchKey, now: datetime) -> Launch:
    """Ready to launch again for this client. Dates that a launch would refuse are null.

    Raises NotFound, and Conflict for what only the organization's own wizard can say.
    """
    copy = as_org_launch(key, None, now)
    targeting = copy.targeting.model_dump(include=set(ClientTargeting.model_fields))
    try:
        return Launch.model_validate({**copy.model_dump(), "org_ids": [key.org_id], "targeting": targeting})
    except ValidationError:
        raise _not_copyable() from None


def as_org_launch(key: BatchKey, department_ids: Collection[str] | None, now: datetime) -> OrgLaunch:
    """The same for the organization's own wizard, for an admin who is limited to these departments, if to any."""
    batch = batch_store.batch(key)
    if batch is None:
        raise NotFound()
    plan, org = batch_store.plan_and_org(key, batch.rollout_id)
    today = local_date(now, zone_of(org))
    rows = {row.course_id: row for row in batch_store.rows(key, consistent=False)}
    return OrgLaunch(
        name=plan.name,
        courses=[_choice(course.course_id, rows.get(course.course_id), today) for course in plan.courses],
        targeting=_targeting(plan, department_ids),
        notifications=plan.notifications,
        reenroll_completed=plan.reenroll_completed,
    )


def _targeting(plan: Plan, department_ids: Collection[str] | None) -> Targeting:
    """Of an admin who was limited to departments, "all" were all of theirs: launched by others it must stay so."""
    is_limited_alike = plan.within is None or set(plan.within) == set(department_ids or ())
    if is_limited_alike or plan.targeting.mode in ("individuals", "departments"):
        return plan.targeting
    if plan.targeting.mode != "all":
        raise _not_copyable()
    return Targeting(mode="departments", department_ids=list(plan.within or ()))


def _not_copyable() -> Conflict:
    problem = "This batch is for people or departments that you can't choose here."
    return Conflict("not_copyable", problem)


def _choice(course_id: str, row: Row | None, today: date) -> CourseChoice:
    if row is None:
        return CourseChoice(course_id=course_id)
    enroll_on = to_date(row.enroll_on) if row.enroll_on and to_date(row.enroll_on) > today else None
    due_by = to_date(row.due_by) if row.due_by and is_due_date_after(enroll_on or today, to_date(row.due_by)) else None
    return CourseChoice(course_id=course_id, enroll_on=enroll_on, due_by=due_by)
