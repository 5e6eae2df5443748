"""Reads the audit trail: in pages, and all of it to verify that nobody changed it."""

import json
from typing import Any, cast

from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import store
from chalicelib.tenants.audit.chains import Chains
from chalicelib.tenants.audit.models import AuditRecord, ChainHead
from chalicelib.tenants.audit.schemas import AuditEntryOut, AuditPage, Verification
from chalicelib.web.paging import Pager


def page(scope: Scope, pager: Pager) -> AuditPage:
    """Newest first."""
    records = store.newest(scope.tenant_pk, pager.limit, pager.position)
    return AuditPage(items=[_out(record) for record in records.items], next_cursor=pager.cursor(records.next_position))


# Where one entry was taken out or changed, those behind it are as they were; more places than these say nothing more.
_MAX_BREAKS = 20


def verify(scope: Scope) -> Verification:
    """Walk the chains from their first entries. Only one page of them is in memory at a time."""
    chains, broken = Chains(), []
    after: str | None = None
    while True:
        page = store.oldest(scope.tenant_pk, after)
        for item in page.items:
            found = chains.follow(item) if isinstance(item, AuditRecord) else chains.end(cast(ChainHead, item))
            broken += found
        broken = broken[:_MAX_BREAKS]
        after = page.next_position
        if after is None:
            break
    broken += chains.close()
    return Verification(
        ok=not broken,
        num_entries=chains.num_entries,
        first_broken=broken[0].number if broken else None,
        broken=broken[:_MAX_BREAKS],
        anchored_at=None,
    )


def _out(record: AuditRecord) -> AuditEntryOut:
    return AuditEntryOut(
        chain=record.chain,
        number=record.number,
        at=record.at,
        actor=record.actor,
        action=record.action,
        target=record.target,
        before=_unpacked(record.before),
        after=_unpacked(record.after),
        hash=record.hash,
    )


def _unpacked(text: str | None) -> dict[str, Any] | None:
    return None if text is None else dict(json.loads(text))
