"""Items of groups, departments and locations, and their reserved names."""

from pynamodb.attributes import JSONAttribute, ListAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.aws.items import CoreItem
from chalicelib.aws.table import Ref
from chalicelib.tenants.access.models import org_pk


class ReservedName(CoreItem):
    """`ORG#o` / `NAME#<kind>#<exact name>`: the name is taken by this group, department or location."""

    owner_id = UnicodeAttribute()


def name_sk(kind: str, name: str) -> str:
    return f"NAME#{kind}#{name}"


def name_ref(org_id: str, kind: str, name: str) -> Ref[ReservedName]:
    return Ref(ReservedName, org_pk(org_id), name_sk(kind, name))


class Group(CoreItem):
    """`ORG#o` / `GROUP#g`."""

    group_id = UnicodeAttribute()
    name = UnicodeAttribute()
    course_ids: ListAttribute[str] = ListAttribute(default=list)
    # When each course was attached, for those attached after the group was made.
    attached_at = JSONAttribute(null=True)


def group_sk(group_id: str) -> str:
    return f"GROUP#{group_id}"


def group_ref(org_id: str, group_id: str) -> Ref[Group]:
    return Ref(Group, org_pk(org_id), group_sk(group_id))


class Department(CoreItem):
    """`ORG#o` / `DEPARTMENT#d`. `path` is the department and all above it, the root first."""

    department_id = UnicodeAttribute()
    name = UnicodeAttribute()
    parent_id = UnicodeAttribute(null=True)
    num_children = NumberAttribute(default=0)
    path: ListAttribute[str] = ListAttribute(default=list)


def department_sk(department_id: str) -> str:
    return f"DEPARTMENT#{department_id}"


def department_ref(org_id: str, department_id: str) -> Ref[Department]:
    return Ref(Department, org_pk(org_id), department_sk(department_id))


class Location(CoreItem):
    """`ORG#o` / `LOCATION#l`."""

    location_id = UnicodeAttribute()
    name = UnicodeAttribute()


def location_sk(location_id: str) -> str:
    return f"LOCATION#{location_id}"


def location_ref(org_id: str, location_id: str) -> Ref[Location]:
    return Ref(Location, org_pk(org_id), location_sk(location_id))
