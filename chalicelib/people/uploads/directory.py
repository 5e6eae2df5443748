"""What an upload is judged by: the organization's groups, departments, locations and members."""

from chalicelib.people.members import store as members_store
from chalicelib.people.uploads.spreadsheet.sheet import Sheet
from chalicelib.people.uploads.verdicts import Department, Directory, addresses_in
from chalicelib.tenants.structure import store as structure_store


def directory_of(org_id: str, sheet: Sheet) -> Directory:
    """Of the members only those whose addresses are in the sheet."""
    departments = structure_store.departments(org_id)
    name_by_id = {department.department_id: department.name for department in departments}
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
        members={
            email: member.status
            for email, member in members_store.members_by_address(org_id, addresses_in(sheet)).items()
        },
    )
