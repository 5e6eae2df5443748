"""Items of reports, and the files that hold their numbers."""

from pynamodb.attributes import ListAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.aws.items import OutboxItem
from chalicelib.aws.table import Ref
from chalicelib.tenants.access.models import msp_pk, org_pk


class Report(OutboxItem):
    """`ORG#o#REPORTS` or `MSP#m#REPORTS` / `REPORT#<part>`: which numbers were counted last, and which are being.

    `part` is `all`, or that of the departments to which a role is limited. `files_id` names the files of the latest
    numbers, which are as of `as_of`. TTL deletes the item some days before the bucket's lifecycle deletes those.
    """

    part = UnicodeAttribute()
    department_ids: ListAttribute[str] = ListAttribute(null=True)
    files_id = UnicodeAttribute(null=True)
    as_of = UnicodeAttribute(null=True)
    # While somebody counts: since when, which is also the instant that the numbers will be as of.
    count_id = UnicodeAttribute(null=True)
    counting_since = UnicodeAttribute(null=True)
    # Of a count that failed, until another one succeeds.
    failed_at = UnicodeAttribute(null=True)
    code = UnicodeAttribute(null=True)
    ttl = NumberAttribute()


ALL = "all"


def report_ref(msp_id: str, org_id: str | None, part: str) -> Ref[Report]:
    owner = org_pk(org_id) if org_id else msp_pk(msp_id)
    return Ref(Report, f"{owner}#REPORTS", f"REPORT#{part}")


def folder(msp_id: str, org_id: str | None) -> str:
    """Where the files of a tenant's reports lie; the bucket's lifecycle deletes what is under `reports/`."""
    return f"reports/{msp_id}/{org_id or 'all'}"
