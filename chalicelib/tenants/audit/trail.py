"""Reads the audit trail: in pages, and all of it to verify that nobody changed it."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, cast

from chalicelib.aws.items import Item
from chalicelib.core.clock import to_text
from chalicelib.core.paging import Page, filtered_page
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import anchors, store
from chalicelib.tenants.audit.chains import Chains
from chalicelib.tenants.audit.models import AuditRecord, ChainHead
from chalicelib.tenants.audit.schemas import AuditEntryOut, AuditPage, AuditQuery, Verification
from chalicelib.web.paging import Pager

# A request looks at so many entries: rare ones are some pages apart.
_PER_READ, _MAX_READS = 200, 5


def page(scope: Scope, query: AuditQuery, pager: Pager) -> AuditPage:
    """Newest first. With filters a page can be short, or empty, and still have a next one."""
    since = to_text(query.since) if query.since else ""
    # Sort keys begin with the instant: what is read behind a bare one is older.
    start = pager.position or (to_text(query.until) if query.until else None)

    def read(after: str | None) -> Page[AuditRecord]:
        found = store.newest(scope.tenant_pk, max(pager.limit, _PER_READ) if is_filtered else pager.limit, after)
        recent = [record for record in found.items if record.at >= since]
        return Page(recent, found.next_position if len(recent) == len(found.items) else None)

    def keep(record: AuditRecord) -> bool:
        return _is_of_kind(record.action, query.kind) and query.actor in (None, record.actor)

    is_filtered = query.kind is not None or query.actor is not None
    records = filtered_page(read, keep, lambda record: record.sk, pager.limit, start, _MAX_READS)
    return AuditPage(items=[_out(record) for record in records.items], next_cursor=pager.cursor(records.next_position))


def _is_of_kind(action: str, kind: str | None) -> bool:
    return kind is None or action == kind or action.startswith(f"{kind}.")


def verify(scope: Scope) -> Verification:
    """Walk the chains from their first entries. Only one page of them is in memory at a time.

    An entry that is written at this moment may be read as the end of its chain and not as an entry: what is wrong is
    looked at twice.
    """
    found = _verified(scope)
    return found if found.ok else _verified(scope)


def _verified(scope: Scope) -> Verification:
    chains = Chains(anchors.latest(scope.tenant_pk))
    for item in every(scope):
        chains.note(chains.follow(item) if isinstance(item, AuditRecord) else chains.end(cast(ChainHead, item)))
    chains.note(chains.close())
    return chains.verification()


def every(scope: Scope) -> Iterator[Item]:
    """Every record, the oldest first, and then the heads of the chains."""
    after: str | None = None
    while True:
        items, after = oldest(scope, after)
        yield from items
        if after is None:
            return


def oldest(scope: Scope, after: str | None) -> tuple[Sequence[Item], str | None]:
    """As many as one query reads, the oldest first, the heads behind all records; and the last key, None at the end."""
    page = store.oldest(scope.tenant_pk, after)
    return page.items, page.next_position


def heads(scope: Scope) -> list[ChainHead]:
    """Where the chains end at this moment. Every entry up to there is in the table."""
    ends = store.ends(scope.tenant_pk).heads
    return [ends[chain] for chain in sorted(ends)]


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
