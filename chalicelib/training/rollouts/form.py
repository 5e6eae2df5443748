"""Checking a launch as a whole: everything that is wrong is named at once, and nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.core.clock import to_text
from chalicelib.core.errors import FieldError, Invalid
from chalicelib.people.search import kept_filters
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.organizations.readiness import missing_of, not_ready
from chalicelib.training.batches.local_dates import CourseDates, due_after, is_due_date_after, staggered
from chalicelib.training.batches.schemas import Plan, PlannedCourse, PlannedOrg, Targeting
from chalicelib.training.rollouts import form_store
from chalicelib.training.rollouts.form_store import References
from chalicelib.training.rollouts.schemas import MAX_COURSES, MAX_ORGS, WizardForm


@dataclass(frozen=True)
class CheckedForm:
    """A form in which nothing is wrong: the plan that it makes, and what it was checked against."""

    plan: Plan
    references: References


def checked(scope: Scope, launch: WizardForm, now: datetime, *, all_ready: bool = True) -> CheckedForm:
    """Raises Invalid with every field that is wrong. `all_ready` as in `check`."""
    launch = _with_filter(scope, launch)
    references = form_store.references(scope, launch, now)
    courses = check(launch, references, all_ready=all_ready)
    plan = Plan(
        name=launch.name,
        orgs=[PlannedOrg(org_id=org_id, name=references.orgs[org_id].name) for org_id in launch.org_ids],
        courses=courses,
        targeting=launch.targeting,
        notifications=launch.notifications,
        reenroll_completed=launch.reenroll_completed,
        created_by=scope.account_id,
        created_at=to_text(now),
        launched_by="msp" if scope.is_msp_admin else "organization",
        within=None if scope.department_ids is None else sorted(scope.department_ids),
    )
    return CheckedForm(plan, references)


def _with_filter(scope: Scope, launch: WizardForm) -> WizardForm:
    """A filter that is kept is looked up: the batch is for whom it meant at launch, whatever becomes of it."""
    if launch.targeting.filter is None:
        return launch
    filter_ = kept_filters.resolved(scope, launch.targeting.filter, "targeting.filter.filter_id")
    return launch.model_copy(update={"targeting": launch.targeting.model_copy(update={"filter": filter_})})


def check_size(launch: WizardForm) -> None:
    """What can be refused without reading anything. Raises Invalid."""
    wrong: list[FieldError] = []
    wrong += _repeated("targeting.member_ids", launch.targeting.member_ids, "members")
    wrong += _count("org_ids", launch.org_ids, MAX_ORGS, "organizations")
    wrong += _count("courses", [course.course_id for course in launch.courses], MAX_COURSES, "courses")
    if launch.targeting.group_ids and len(launch.org_ids) > 1:
        problem = "Group ids belong to one client. For several clients, choose everyone or groups by name."
        wrong.append(FieldError("targeting.group_ids", "groups_need_one_org", problem))
    if launch.schedule is not None:
        for index, course in enumerate(launch.courses):
            for name in ("enroll_on", "due_by"):
                if getattr(course, name) is not None:
                    problem = "With a preset, courses can't have their own dates."
                    wrong.append(FieldError(f"courses.{index}.{name}", "dates_beside_preset", problem))
    if wrong:
        raise Invalid(*wrong)


def _count(name: str, ids: Sequence[str], most: int, what: str) -> list[FieldError]:
    wrong = []
    if not 1 <= len(ids) <= most:
        wrong.append(FieldError(name, "wrong_number", f"Choose 1 to {most} {what}. You chose {len(ids)}."))
    return wrong + _repeated(name, ids, what)


def _repeated(name: str, ids: Sequence[str], what: str) -> list[FieldError]:
    wrong = []
    seen: set[str] = set()
    for index, id_ in enumerate(ids):
        if id_ in seen:
            problem = f"This is in the list more than once. List each of the {what} once."
            wrong.append(FieldError(f"{name}.{index}", "repeated", problem))
        seen.add(id_)
    return wrong


def resolved_dates(launch: WizardForm, first_today: date) -> Sequence[CourseDates]:
    """The dates of the courses, in their order; a preset gives them."""
    schedule = launch.schedule
    if schedule is None:
        return [CourseDates(course.enroll_on, course.due_by) for course in launch.courses]
    if schedule.start_on is None:
        due_by = due_after(first_today, schedule.days_to_complete)
        return [CourseDates(None, due_by)] * len(launch.courses)
    return staggered(schedule.start_on, len(launch.courses), schedule.days_to_complete)


def check(launch: WizardForm, references: References, *, all_ready: bool = True) -> list[PlannedCourse]:
    """The planned courses, when nothing is wrong. Raises Invalid with every field that is.

    Without `all_ready`, clients that are not ready pass: each of them fails on its own, later.
    """
    wrong: list[FieldError] = []
    for index, org_id in enumerate(launch.org_ids):
        org = references.orgs.get(org_id)
        if org is None:
            wrong.append(FieldError(f"org_ids.{index}", "unknown", "There is no such client organization."))
        elif (missing := missing_of(org)) and all_ready:
            wrong.append(FieldError(f"org_ids.{index}", "org_not_ready", not_ready(str(org.name), missing)))
    for index, course in enumerate(launch.courses):
        if course.course_id not in references.courses:
            wrong.append(FieldError(f"courses.{index}.course_id", "unknown", "There is no such course in the library."))
    wrong += _wrong_targets(launch.targeting, references)
    days = list(references.today_by_org.values())
    if days:
        dates = resolved_dates(launch, max(days))
        wrong += _wrong_dates(launch, dates, min(days), max(days))
    if wrong:
        raise Invalid(*wrong)
    return [
        PlannedCourse(
            course_id=course.course_id,
            title=references.courses[course.course_id].title,
            enroll_on=course_dates.enroll_on,
            due_by=course_dates.due_by,
        )
        for course, course_dates in zip(launch.courses, dates, strict=True)
    ]


def _wrong_targets(targeting: Targeting, references: References) -> list[FieldError]:
    """People and departments outside the caller's own are as unknown as those that are not there."""
    known = {
        "group_ids": (references.group_ids, "The chosen client has no such group."),
        "department_ids": (references.department_ids, "There is no such department."),
        "member_ids": (references.member_ids, "There is no such active member."),
    }
    return [
        FieldError(f"targeting.{name}.{index}", "unknown", problem)
        for name, (ids, problem) in known.items()
        for index, id_ in enumerate(getattr(targeting, name))
        if id_ not in ids
    ]


def _wrong_dates(launch: WizardForm, dates: Sequence[CourseDates], first: date, last: date) -> list[FieldError]:
    """`first` and `last` are today's dates at the chosen clients, from west to east.

    A date is past when it is past at every client. Where it has just gone by, the course starts at once.
    """
    if launch.schedule is not None:
        start = launch.schedule.start_on
        if start is not None and start < first:
            return [FieldError("schedule.start_on", "in_the_past", f"This date is in the past. Today is {first}.")]
        return []
    wrong = []
    for index, course_dates in enumerate(dates):
        enroll_on, due_by = course_dates.enroll_on, course_dates.due_by
        if enroll_on is not None and enroll_on < first:
            problem = f"The enroll-on date is in the past. Today is {first}."
            wrong.append(FieldError(f"courses.{index}.enroll_on", "in_the_past", problem))
        if due_by is not None and not is_due_date_after(enroll_on or last, due_by):
            problem = f"The due date must be after the enroll date, {enroll_on or last}."
            wrong.append(FieldError(f"courses.{index}.due_by", "not_after_enroll", problem))
    return wrong
