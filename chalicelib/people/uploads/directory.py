"""What an upload is judged by: the organization's groups, departments, locations and members."""

from collections.abc import Mapping, Sequence

from chalicelib.people.members import store as members_store
from chalicelib.people.uploads.verdicts import Department, Directory
from chalicelib.tenants.structure import store as structure_store


def directory_of(org_id: str) -> Directory:
    departments = structure_store.departments(org_id)
    name_by_id = {department.department_id: department.name for department in departments}

    def statuses_of(emails: Sequence[str]) -> Mapping[str, str]:
        members = members_store.members_by_address(org_id, emails)
        return {email: member.status for email, member in members.items()}

    return Directory(
        groups={group.group_id: group.name for group in structure_store.groups(org_id)},
        departments=[
            Department(
                department.department_id,
                department.name,
                [name_by_id.get(department_id, "") for department_id in department.path],
            )
            for department in departments
        ],
        locations={location.location_id: location.name for location in structure_store.locations(org_id)},
        statuses_of=statuses_of,
    )
