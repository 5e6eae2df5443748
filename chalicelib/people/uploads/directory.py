"""What an upload is judged by: the organization's groups, departments and locations, and who is there already."""

from chalicelib.aws import table
from chalicelib.people.members import store as members_store
from chalicelib.people.uploads.spreadsheet.sheet import Sheet
from chalicelib.people.uploads.verdicts import Department, Directory, judge
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.structure import store as structure_store
from chalicelib.tenants.structure.models import Group, Location, group_sk, location_sk


def directory_of(org_id: str, sheet: Sheet) -> Directory:
    """Members are looked up by the addresses of the sheet, once these are mended as its judge would."""
    departments = structure_store.departments(org_id)
    name_by_id = {one.department_id: one.name for one in departments}
    known = Directory(
        groups={one.group_id: one.name for one in table.query_all(Group, org_pk(org_id), prefix=group_sk(""))},
        departments=[
            Department(one.department_id, one.name, [name_by_id.get(above, "") for above in one.path])
            for one in departments
        ],
        locations={
            one.location_id: one.name for one in table.query_all(Location, org_pk(org_id), prefix=location_sk(""))
        },
    )
    emails = [row.values.email for row in judge(sheet, known) if row.values.email]
    members = members_store.member_of_address(org_id, emails)
    return Directory(
        known.groups, known.departments, known.locations, {email: one.status for email, one in members.items()}
    )
