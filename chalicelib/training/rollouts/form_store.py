"""What the form of a launch refers to: read with one call, two when there are many groups."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from chalicelib.aws import table
from chalicelib.aws.items import Item
from chalicelib.people.members.models import RosterEntry, learners_pk, member_sk
from chalicelib.tenants.access.models import msp_pk, org_pk
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.courses.models import Course, course_sk, courses_pk
from chalicelib.tenants.organizations.lookups import zone_of
from chalicelib.tenants.organizations.models import Org, org_sk
from chalicelib.tenants.structure.models import Department, Group, department_sk, group_sk
from chalicelib.tenants.structure.store import departments_below
from chalicelib.training.batches.local_dates import local_date
from chalicelib.training.rollouts.schemas import WizardForm


@dataclass(frozen=True)
class References:
    """What a form names and there is, and what depends on the clients."""

    orgs: Mapping[str, Org]
    courses: Mapping[str, Course]
    group_ids: frozenset[str]
    today_by_org: Mapping[str, date] = field(default_factory=dict)
    department_ids: frozenset[str] = frozenset()
    member_ids: frozenset[str] = frozenset()


def references(scope: Scope, launch: WizardForm, now: datetime) -> References:
    """Departments and active members are those that the caller reaches."""
    msp_id, targeting = scope.msp_id, launch.targeting
    keys: list[tuple[type[Item], str, str]] = [(Org, msp_pk(msp_id), org_sk(org_id)) for org_id in launch.org_ids]
    keys += [(Course, courses_pk(msp_id), course_sk(course.course_id)) for course in launch.courses]
    if len(launch.org_ids) == 1:
        org_id = launch.org_ids[0]
        keys += [(Group, org_pk(org_id), group_sk(group_id)) for group_id in targeting.group_ids]
        keys += [(Department, org_pk(org_id), department_sk(one)) for one in targeting.department_ids]
        keys += [(RosterEntry, learners_pk(org_id), member_sk(one)) for one in targeting.member_ids]
    # Whom a caller reaches is decided by what is true now.
    is_exact = bool(targeting.department_ids or targeting.member_ids)
    items = table.batch_get(keys, consistent=is_exact).values()
    reached = None if scope.department_ids is None else departments_below(scope.org, scope.department_ids)
    orgs = {item.org_id: item for item in items if isinstance(item, Org)}
    return References(
        orgs,
        {item.course_id: item for item in items if isinstance(item, Course)},
        frozenset(item.group_id for item in items if isinstance(item, Group)),
        {org_id: local_date(now, zone_of(org)) for org_id, org in orgs.items()},
        frozenset(
            item.department_id
            for item in items
            if isinstance(item, Department) and (reached is None or item.department_id in reached)
        ),
        frozenset(
            item.sk.removeprefix(member_sk(""))
            for item in items
            if isinstance(item, RosterEntry) and (reached is None or item.department_id in reached)
        ),
    )
