"""Items of the audit trail."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.aws.items import CoreItem


class AuditRecord(CoreItem):
    """`<tenant>#AUDIT` / a sequence number of 12 digits. `before` and `after` are JSON."""

    at = UnicodeAttribute()
    actor = UnicodeAttribute()
    action = UnicodeAttribute()
    target = UnicodeAttribute()
    before = UnicodeAttribute(null=True)
    after = UnicodeAttribute(null=True)
    previous_hash = UnicodeAttribute()
    hash = UnicodeAttribute()


def audit_pk(tenant_pk: str) -> str:
    return f"{tenant_pk}#AUDIT"
