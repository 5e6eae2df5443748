"""The sample data (infra/sample) as items of the core table, without a request for each.

Ids are derived from the keys in the files: writing everything again writes the same items.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chalicelib.aws.items import CoreItem
from chalicelib.core.clock import to_text
from chalicelib.core.ids import derived_id
from chalicelib.core.text import normalized
from chalicelib.people.members.models import Member, member_sk, members_pk
from chalicelib.tenants.access.models import SELF_SK, AccountEntry, Msp, OrgPointer, account_pk, msp_pk, org_pk
from chalicelib.tenants.access.states import Role
from chalicelib.tenants.admins.models import Admin, admin_sk, admins_pk, msp_role_sk, org_role_sk
from chalicelib.tenants.courses import store as catalog_store
from chalicelib.tenants.courses.models import Course, course_sk, courses_pk
from chalicelib.tenants.organizations.models import ENTITLEMENTS_SK, Entitlements, Org, org_sk
from chalicelib.tenants.structure.models import (
    Department,
    Group,
    Location,
    ReservedName,
    department_sk,
    group_sk,
    location_sk,
    name_sk,
)

MADE_AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
# A ULID of that instant, from which all others are derived.
_ROOT = "01KE6P4YM00000000000000000"

Entry = Mapping[str, Any]


def sample_id(*keys: str) -> str:
    """`sample_id("course", msp, course)`, `sample_id("group", organization, group)` and so on."""
    return derived_id(_ROOT, *keys)


@dataclass(frozen=True)
class Appointed:
    """An admin of an MSP or of a client, with the account that the log-in has."""

    account_id: str
    email: str


def msp_items(msp: Entry, admins: list[Appointed]) -> Iterator[CoreItem]:
    """The MSP itself comes last: once it is there, everything is."""
    msp_id = sample_id("msp", msp["key"])
    for admin in admins:
        yield _admin(admin, msp_pk(msp_id), Role.MSP_ADMIN)
        yield AccountEntry(account_pk(admin.account_id), msp_role_sk(msp_id), role=Role.MSP_ADMIN, msp_id=msp_id)
    yield Msp(msp_pk(msp_id), SELF_SK, name=msp["name"], num_admins=len(admins))


def course_items(msp_key: str, courses: Sequence[Entry]) -> Iterator[CoreItem]:
    msp_id = sample_id("msp", msp_key)
    for course in courses:
        course_id = sample_id("course", msp_key, course["key"])
        described = {name: value for name, value in course.items() if name != "key"}
        made = Course(courses_pk(msp_id), course_sk(course_id), course_id=course_id, **described)
        yield from catalog_store.course_items(msp_id, made)


def org_items(org: Entry, course_keys: list[str], admins: list[Appointed]) -> Iterator[CoreItem]:
    """One client with its structure. `course_keys` are those that it may use."""
    org_id, msp_id = sample_id("org", org["key"]), sample_id("msp", org["msp"])
    seats = {sample_id("course", org["msp"], key): org["seats"].get(key, 0) for key in course_keys}
    settings = {name: org[name] for name in ("name", "time_zone", "reply_to", "enroll_hour", "subscription")}
    yield Org(
        msp_pk(msp_id), org_sk(org_id), org_id=org_id, msp_id=msp_id,
        num_entitled=len(seats), created_at=to_text(MADE_AT), **settings,
    )  # fmt: skip
    yield OrgPointer(org_pk(org_id), SELF_SK, msp_id=msp_id, num_admins=len(admins))
    yield Entitlements(org_pk(org_id), ENTITLEMENTS_SK, seats_by_course=seats)
    for admin in admins:
        yield _admin(admin, org_pk(org_id), Role.ORG_ADMIN)
        pk, sk = account_pk(admin.account_id), org_role_sk(org_id)
        yield AccountEntry(pk, sk, role=Role.ORG_ADMIN, msp_id=msp_id, org_id=org_id)
    yield from _structure_items(org, org_id)


def member_of(row: Mapping[str, str], account_id: str | None) -> Member:
    """A line of people.csv."""
    org, org_id = row["organization"], sample_id("org", row["organization"])
    member_id = sample_id("member", org, row["email"] or row["login_name"])
    return Member(
        members_pk(org_id),
        member_sk(member_id),
        member_id=member_id,
        status=row["status"],
        email=row["email"] or None,
        login_name=row["login_name"] or None,
        first_name=row["first_name"],
        last_name=row["last_name"],
        group_ids=[sample_id("group", org, key) for key in row["groups"].split(";") if key],
        department_id=sample_id("department", org, row["department"]) if row["department"] else None,
        location_id=sample_id("location", org, row["location"]) if row["location"] else None,
        fields={name: row[name] for name in ("job_title", "employee_number") if row[name]},
        account_id=account_id,
        created_at=to_text(MADE_AT),
    )


def _admin(admin: Appointed, tenant_pk: str, role: Role) -> Admin:
    return Admin(
        admins_pk(tenant_pk), admin_sk(admin.account_id),
        account_id=admin.account_id, email=normalized(admin.email), role=role, appointed_at=to_text(MADE_AT),
    )  # fmt: skip


def _structure_items(org: Entry, org_id: str) -> Iterator[CoreItem]:
    pk = org_pk(org_id)
    for group in org["groups"]:
        group_id = sample_id("group", org["key"], group["key"])
        courses = [sample_id("course", org["msp"], key) for key in group.get("course_keys", ())]
        yield Group(pk, group_sk(group_id), group_id=group_id, name=group["name"], course_ids=courses)
        yield ReservedName(pk, name_sk("group", group["name"]), owner_id=group_id)
    for location in org["locations"]:
        location_id = sample_id("location", org["key"], location["key"])
        yield Location(pk, location_sk(location_id), location_id=location_id, name=location["name"])
        yield ReservedName(pk, name_sk("location", location["name"]), owner_id=location_id)
    parent_by_key = {department["key"]: department["parent"] for department in org["departments"]}
    for department in org["departments"]:
        path = [sample_id("department", org["key"], key) for key in _line(department["key"], parent_by_key)]
        department_id, parent_id = path[-1], path[-2] if len(path) > 1 else None
        yield Department(
            pk, department_sk(department_id), department_id=department_id, name=department["name"],
            parent_id=parent_id, path=path, num_children=list(parent_by_key.values()).count(department["key"]),
        )  # fmt: skip
        yield ReservedName(pk, name_sk(f"department:{parent_id or ''}", department["name"]), owner_id=department_id)


def _line(key: str, parent_by_key: Mapping[str, str | None]) -> list[str]:
    """The department's key and those above it, the root first."""
    parent = parent_by_key[key]
    return [*(_line(parent, parent_by_key) if parent else []), key]
