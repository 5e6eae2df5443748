"""Checking a launch as a whole: everything that is wrong is named at once, and nothing is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from chalicelib.aws import table
from chalicelib.core.clock import to_text
from chalicelib.core.errors import FieldError, Invalid
from chalicelib.tenants.access.models import msp_pk, org_pk
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.courses.models import Course, course_sk, courses_pk
from chalicelib.tenants.organizations.models import Org, org_sk
from chalicelib.tenants.organizations.readiness import missing_of
from chalicelib.tenants.structure.models import Group, group_sk
from chalicelib.training.batches.local_dates import CourseDates, due_after, local_date, staggered
from chalicelib.training.batches.schemas import Plan, PlannedCourse, PlannedOrg
from chalicelib.training.rollouts import preview_store as plan_store
from chalicelib.training.rollouts.schemas import MAX_COURSES, MAX_ORGS, Launch


@dataclass
class Facts:
    """What the form is checked against: read with one call, two when there are many groups."""

    orgs: Mapping[str, Org]
    courses: Mapping[str, Course]
    group_ids: frozenset[str]
    today_by_org: dict[str, date] = field(default_factory=dict)
    changes_by_org: dict[str, dict[str, int]] = field(default_factory=dict)


def read_facts(msp_id: str, launch: Launch, now: datetime) -> Facts:
    keys: list[tuple[type[table.Item], str, str]] = [(Org, msp_pk(msp_id), org_sk(org_id)) for org_id in launch.org_ids]
    keys += [(Course, courses_pk(msp_id), course_sk(course.course_id)) for course in launch.courses]
    if len(launch.org_ids) == 1:
        keys += [(Group, org_pk(launch.org_ids[0]), group_sk(group_id)) for group_id in launch.targeting.group_ids]
    keys += plan_store.facts_keys(launch.org_ids)
    found = table.batch_get(keys, consistent=False).values()
    facts = Facts(
        {item.org_id: item for item in found if isinstance(item, Org)},
        {item.course_id: item for item in found if isinstance(item, Course)},
        frozenset(item.group_id for item in found if isinstance(item, Group)),
    )
    facts.changes_by_org = plan_store.facts_in(launch.org_ids, found)
    for org_id, org in facts.orgs.items():
        facts.today_by_org[org_id] = local_date(now, ZoneInfo(org.time_zone or "UTC"))
    return facts


def check_size(launch: Launch) -> None:
    """What can be refused without reading anything. Raises Invalid."""
    wrong: list[FieldError] = []
    wrong += _count("org_ids", launch.org_ids, MAX_ORGS, "organizations")
    wrong += _count("courses", [course.course_id for course in launch.courses], MAX_COURSES, "courses")
    if launch.targeting.group_ids and len(launch.org_ids) > 1:
        problem = "Group ids belong to one client; with several clients choose everybody, or groups by name."
        wrong.append(FieldError("targeting.group_ids", "groups_need_one_org", problem))
    if launch.schedule is not None:
        for index, course in enumerate(launch.courses):
            for name in ("enroll_on", "due_by"):
                if getattr(course, name) is not None:
                    problem = "With a preset, courses carry no dates of their own."
                    wrong.append(FieldError(f"courses.{index}.{name}", "dates_beside_preset", problem))
    if wrong:
        raise Invalid(*wrong)


def _count(name: str, ids: Sequence[str], most: int, what: str) -> list[FieldError]:
    wrong = []
    if not 1 <= len(ids) <= most:
        wrong.append(FieldError(name, "wrong_number", f"Choose 1 to {most} {what}; {len(ids)} were given."))
    seen: set[str] = set()
    for index, one in enumerate(ids):
        if one in seen:
            wrong.append(
                FieldError(f"{name}.{index}", "repeated", f"This is given twice; name each of the {what} once.")
            )
        seen.add(one)
    return wrong


def resolved_dates(launch: Launch, first_today: date) -> Sequence[CourseDates]:
    """The dates of the courses, in their order; a preset gives them."""
    schedule = launch.schedule
    if schedule is None:
        return [CourseDates(course.enroll_on, course.due_by) for course in launch.courses]
    if schedule.start_on is None:
        due_by = due_after(first_today, schedule.days_to_complete)
        return [CourseDates(None, due_by)] * len(launch.courses)
    return staggered(schedule.start_on, len(launch.courses), schedule.days_to_complete)


def plan_of(scope: Scope, launch: Launch, facts: Facts, courses: list[PlannedCourse], now: datetime) -> Plan:
    """What a rollout, or a preview, keeps of a form that was checked."""
    return Plan(
        name=launch.name,
        orgs=[PlannedOrg(org_id=org_id, name=facts.orgs[org_id].name) for org_id in launch.org_ids],
        courses=courses,
        targeting=launch.targeting,
        notifications=launch.notifications,
        reenroll_completed=launch.reenroll_completed,
        created_by=scope.account_id,
        created_at=to_text(now),
    )


def check(launch: Launch, facts: Facts, *, all_ready: bool = True) -> list[PlannedCourse]:
    """The planned courses, when nothing is wrong. Raises Invalid with every field that is.

    Without `all_ready`, clients that are not ready pass: they fail alone, later.
    """
    wrong: list[FieldError] = []
    for index, org_id in enumerate(launch.org_ids):
        org = facts.orgs.get(org_id)
        if org is None:
            wrong.append(FieldError(f"org_ids.{index}", "unknown", "There is no such client organization."))
        elif (missing := missing_of(org)) and all_ready:
            problem = f"{org.name} is not ready for training: {', '.join(missing)} missing."
            wrong.append(FieldError(f"org_ids.{index}", "org_not_ready", problem))
    for index, course in enumerate(launch.courses):
        if course.course_id not in facts.courses:
            wrong.append(FieldError(f"courses.{index}.course_id", "unknown", "There is no such course in the library."))
    for index, group_id in enumerate(launch.targeting.group_ids):
        if group_id not in facts.group_ids:
            problem = "The chosen client has no such group."
            wrong.append(FieldError(f"targeting.group_ids.{index}", "unknown", problem))
    days = list(facts.today_by_org.values())
    if days:
        dates = resolved_dates(launch, max(days))
        wrong += _wrong_dates(launch, dates, min(days), max(days))
    if wrong:
        raise Invalid(*wrong)
    return [
        PlannedCourse(
            course_id=course.course_id,
            title=facts.courses[course.course_id].title,
            enroll_on=date.enroll_on,
            due_by=date.due_by,
        )
        for course, date in zip(launch.courses, dates, strict=True)
    ]


def _wrong_dates(launch: Launch, dates: Sequence[CourseDates], first: date, last: date) -> list[FieldError]:
    """`first` and `last` are today's dates at the chosen clients, from west to east.

    A date is past when it is past at every client; where it has just gone by, its courses start at once.
    """
    if launch.schedule is not None:
        start = launch.schedule.start_on
        if start is not None and start < first:
            return [FieldError("schedule.start_on", "in_the_past", f"The start is past; today is {first}.")]
        return []
    wrong = []
    for index, date_pair in enumerate(dates):
        enroll_on, due_by = date_pair.enroll_on, date_pair.due_by
        if enroll_on is not None and enroll_on < first:
            problem = f"The enroll-on date is past; today is {first}."
            wrong.append(FieldError(f"courses.{index}.enroll_on", "in_the_past", problem))
        if due_by is not None and due_by <= (enroll_on or last):
            problem = f"The due date must be after the enroll date, {enroll_on or last}."
            wrong.append(FieldError(f"courses.{index}.due_by", "not_after_enroll", problem))
    return wrong
