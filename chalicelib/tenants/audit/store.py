"""Reads and writes of the audit trail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.aws import mixed, table
from chalicelib.aws.items import Item
from chalicelib.aws.table import Write, put_new
from chalicelib.core.paging import Page
from chalicelib.tenants.audit.models import (
    HEADS_PREFIX,
    NUM_CHAINS,
    AnchorDue,
    AuditRecord,
    ChainHead,
    anchor_due,
    audit_pk,
    head_ref,
)

# By the start of their sort keys, the more special first.
_MODELS: Mapping[str, type[Item]] = {HEADS_PREFIX: ChainHead, "": AuditRecord}

# Heads sort behind every record.
_BEFORE_HEADS = "~"


@dataclass(frozen=True)
class Ends:
    """The heads of a tenant's chains, by chain. `newest` is an entry of the time before there were heads, or None."""

    heads: Mapping[int, ChainHead]
    newest: AuditRecord | None


def append(record: AuditRecord, before: ChainHead | None, writes: Sequence[Write]) -> None:
    """The writes, and the record as the new head of its chain, in one transaction.

    ConditionFailed with the indexes of `writes`, or with later ones when another entry became the head first; Contended
    when another transaction was under way on one of the items: whoever waits for it finds another head.
    """
    ref = head_ref(record.pk.removesuffix("#AUDIT"), record.chain)
    head = ChainHead(ref.pk, ref.sk, number=record.number, hash=record.hash, at=record.at)
    unchanged = ChainHead.pk.does_not_exist() if before is None else ChainHead.hash == before.hash
    day = record.at[:10]
    is_first_of_day = before is None or before.at[:10] != day
    due = [Write("put", anchor_due(record.pk.removesuffix("#AUDIT"), day))] if is_first_of_day else []
    table.transact([*writes, put_new(record), Write("put", head, unchanged), *due], tries=1)


def tenants_to_anchor(day: str) -> list[str]:
    return [item.sk for item in table.query_all(AnchorDue, anchor_due("", day).pk)]


def anchored(tenant_pk: str, day: str) -> None:
    table.transact([Write("delete", anchor_due(tenant_pk, day))])


def ends(tenant_pk: str) -> Ends:
    """One query: the heads, or where there are none the newest entry."""
    page = mixed.query_mixed(_MODELS, audit_pk(tenant_pk), limit=NUM_CHAINS, newest_first=True, consistent=True)
    heads = {item.chain: item for item in page.items if isinstance(item, ChainHead)}
    newest = next((item for item in page.items if isinstance(item, AuditRecord)), None)
    return Ends(heads, newest if not heads else None)


def newest(tenant_pk: str, limit: int, after: str | None) -> Page[AuditRecord]:
    """Newest first."""
    pk = audit_pk(tenant_pk)
    return table.query(AuditRecord, pk, limit=limit, after=after or _BEFORE_HEADS, newest_first=True)


def oldest(tenant_pk: str, after: str | None) -> Page[Item]:
    """Oldest first, as many as one query reads; the heads come last."""
    return mixed.query_mixed(_MODELS, audit_pk(tenant_pk), after=after, consistent=True)
