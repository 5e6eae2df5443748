"""What a role that is limited to departments reaches, decided with each change itself.

A person, or a department with all below it, may move between a route's check and the change that follows. So changes
carry the place that they were decided by, and fail when it is another one by now.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chalicelib.aws.table import Write
from chalicelib.core.errors import FieldError, Forbidden, Invalid
from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import Member
from chalicelib.people.members.states import ON_ROSTERS
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.structure import store as structure_store
from chalicelib.tenants.structure.models import Department


def place_writes(scope: Scope, department_id: str | None) -> list[Write]:
    """For the transaction that changes somebody in this department: ConditionFailed when it was moved or deleted.

    Raises Forbidden for no department, and for one outside those that the scope is limited to.
    """
    if scope.department_ids is None:
        return []
    department = structure_store.department(scope.org, department_id) if department_id else None
    if department is None or not scope.department_ids & set(department.path):
        raise Forbidden("This is outside your departments.")
    return [structure_store.department_check(department)]


def reach_writes(scope: Scope, member_id: str) -> list[Write]:
    """The same for a change of something else of this person's: ConditionFailed when they changed since.

    Raises Forbidden for who is outside the caller's departments by now.
    """
    if scope.department_ids is None:
        return []
    member = members_store.member(scope.org, member_id)
    if member is None or member.status not in ON_ROSTERS:
        raise Forbidden("This is outside your departments.")
    return [members_store.unchanged_check(member), *place_writes(scope, member.department_id)]


@dataclass(frozen=True)
class Reach:
    """Which of some people the caller reaches, and what has to stay so in a transaction that changes them."""

    members: Mapping[str, Member]
    departments: Mapping[str, Department]

    def checks(self, member_ids: Iterable[str]) -> list[Write]:
        """One for each of these people, and one for each of their departments. ConditionFailed as in `reach_writes`."""
        members = [self.members[member_id] for member_id in member_ids]
        ids = sorted({str(member.department_id) for member in members})
        places = [structure_store.department_check(self.departments[one]) for one in ids]
        return [*map(members_store.unchanged_check, members), *places]


def reach_of(scope: Scope, member_ids: Iterable[str]) -> Reach | None:
    """`reach_writes` for many people: who is outside is left out. None for a caller without limits."""
    if scope.department_ids is None:
        return None
    found = members_store.members_by_id(scope.org, member_ids).values()
    placed = [member for member in found if member.status in ON_ROSTERS and member.department_id]
    ids = {str(member.department_id) for member in placed}
    departments = {
        department_id: department
        for department_id, department in structure_store.departments_by_id(scope.org, ids).items()
        if scope.department_ids & set(department.path)
    }
    members = {member.member_id: member for member in placed if member.department_id in departments}
    return Reach(members, departments)


def chosen_place_writes(scope: Scope, department_id: str | None) -> list[Write]:
    """For the transaction that puts somebody new into this department: ConditionFailed when it moved or went.

    Raises Invalid for an unknown one, and for none or another's when the caller is limited to departments.
    """
    if department_id is None and scope.department_ids is None:
        return []
    department = structure_store.department(scope.org, department_id) if department_id else None
    if department is None or not (scope.department_ids is None or scope.department_ids & set(department.path)):
        problem = "Choose one of your departments." if department_id is None else "There is no such department."
        code = "required" if department_id is None else "unknown_department"
        raise Invalid(FieldError("department_id", code, problem))
    return [structure_store.department_check(department)]


def is_within(scope: Scope, member: Member) -> bool:
    """Who has left, or declined, is in no department, although the item still names one."""
    if scope.department_ids is None:
        return True
    if member.status not in ON_ROSTERS or not member.department_id:
        return False
    department = structure_store.department(scope.org, member.department_id)
    return department is not None and bool(scope.department_ids & set(department.path))
