"""Reads and writes of the audit trail."""

from collections.abc import Sequence

from chalicelib.aws import table
from chalicelib.aws.table import Write, put_new
from chalicelib.core.paging import Page
from chalicelib.tenants.audit.models import AuditRecord, audit_pk


def append(record: AuditRecord, writes: Sequence[Write]) -> None:
    """The writes and the record in one transaction.

    ConditionFailed with the indexes of `writes`, or with that after the last when the record's number is taken.
    """
    table.transact([*writes, put_new(record)])


def last(tenant_pk: str) -> AuditRecord | None:
    page = table.query(AuditRecord, audit_pk(tenant_pk), limit=1, newest_first=True, consistent=True)
    return page.items[0] if page.items else None


def newest(tenant_pk: str, limit: int, after: str | None) -> Page[AuditRecord]:
    """Newest first."""
    return table.query(AuditRecord, audit_pk(tenant_pk), limit=limit, after=after, newest_first=True)


def oldest(tenant_pk: str, after: str | None) -> Page[AuditRecord]:
    """Oldest first, as many as one query reads."""
    return table.query(AuditRecord, audit_pk(tenant_pk), after=after, consistent=True)
