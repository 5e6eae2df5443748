"""Reads the audit trail: in pages, and all of it to verify that nobody changed it."""

import json
from typing import Any

from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log, store
from chalicelib.tenants.audit.models import AuditRecord
from chalicelib.tenants.audit.schemas import AuditEntryOut, AuditPage, Verification
from chalicelib.web.paging import Pager


def page(scope: Scope, pager: Pager) -> AuditPage:
    """Newest first."""
    records = store.newest(scope.tenant_pk, pager.limit, pager.position)
    return AuditPage(items=[_out(record) for record in records.items], next_cursor=pager.cursor(records.next_position))


def verify(scope: Scope) -> Verification:
    """Walk the chain from its first record. Only one page of it is in memory at a time."""
    num_entries, first_broken, previous_hash = 0, None, log.FIRST_HASH
    after: str | None = None
    while True:
        records = store.oldest(scope.tenant_pk, after)
        for record in records.items:
            num_entries += 1
            is_intact = (
                record.sk == log.number_key(num_entries)
                and record.previous_hash == previous_hash
                and record.hash == log.hash_of(record)
            )
            if not is_intact and first_broken is None:
                first_broken = num_entries
            previous_hash = record.hash
        after = records.next_position
        if after is None:
            return Verification(ok=first_broken is None, num_entries=num_entries, first_broken=first_broken)


def _out(record: AuditRecord) -> AuditEntryOut:
    return AuditEntryOut(
        number=int(record.sk),
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
