"""Items of exports."""

from pynamodb.attributes import JSONAttribute, ListAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.aws.items import OutboxItem
from chalicelib.tenants.access.models import account_pk, msp_pk, org_pk


class Export(OutboxItem):
    """`MSP#m#EXPORTS` / `EXPORT#x`: a list that is being written into a file, or was. TTL deletes it after the file.

    `ORG#o#EXPORTS` for an organization's own, `ACCOUNT#a#EXPORTS` for an account's. `department_ids` limited who asked.
    `selection` is `schemas.Selection`; `file_name` is the name of the file when it is downloaded.
    """

    export_id = UnicodeAttribute()
    status = UnicodeAttribute()
    selection = JSONAttribute()
    file_name = UnicodeAttribute()
    num_rows = NumberAttribute(null=True)
    code = UnicodeAttribute(null=True)
    created_by = UnicodeAttribute()
    department_ids: ListAttribute[str] = ListAttribute(null=True)
    created_at = UnicodeAttribute()
    # When the walk began that makes the file, of those that one message does not make.
    begun_at = UnicodeAttribute(null=True)
    expires_at = UnicodeAttribute()
    ttl = NumberAttribute()


def exports_pk(msp_id: str, org_id: str | None = None, account_id: str | None = None) -> str:
    if account_id is not None:
        return f"{account_pk(account_id)}#EXPORTS"
    return f"{org_pk(org_id) if org_id else msp_pk(msp_id)}#EXPORTS"


def export_sk(export_id: str) -> str:
    return f"EXPORT#{export_id}"


def file_key(owner_id: str, export_id: str, ending: str = "csv") -> str:
    """The key of the file in the bucket, whose lifecycle deletes what is under `exports/` after 7 days.

    The owner is the MSP, or the account whose own data it is.
    """
    return f"exports/{owner_id}/{export_id}.{ending}"
