"""Reading the audit trail: in pages, and all of it to see whether somebody changed it."""

import json
from typing import Any

from chalicelib.aws import table
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.models import AuditRecord, audit_pk
from chalicelib.tenants.audit.schemas import AuditEntryOut, AuditPage, Verification
from chalicelib.web.paging import Pager


def page(scope: Scope, pager: Pager) -> AuditPage:
    """Newest first."""
    found = audit.entries(scope.tenant_pk, pager.limit, pager.position)
    return AuditPage(items=[_out(entry) for entry in found.items], next_cursor=pager.cursor(found.next_position))


def verify(scope: Scope) -> Verification:
    """Walk the chain from its first entry; only one page of it is in memory at a time."""
    num_entries, first_broken, previous_hash = 0, None, audit.FIRST_HASH
    after: str | None = None
    while True:
        found = table.query(AuditRecord, audit_pk(scope.tenant_pk), after=after, consistent=True)
        for entry in found.items:
            num_entries += 1
            holds = (
                entry.sk == audit.number_key(num_entries)
                and entry.previous_hash == previous_hash
                and entry.hash == audit.hash_of(entry)
            )
            if not holds and first_broken is None:
                first_broken = num_entries
            previous_hash = entry.hash
        after = found.next_position
        if after is None:
            return Verification(ok=first_broken is None, num_entries=num_entries, first_broken=first_broken)


def _out(entry: AuditRecord) -> AuditEntryOut:
    return AuditEntryOut(
        number=int(entry.sk),
        at=entry.at,
        actor=entry.actor,
        action=entry.action,
        target=entry.target,
        before=_unpacked(entry.before),
        after=_unpacked(entry.after),
        hash=entry.hash,
    )


def _unpacked(text: str | None) -> dict[str, Any] | None:
    return None if text is None else dict(json.loads(text))
