"""Writes the audit trail: every change that an admin makes, chained by hashes so that tampering shows (chains.py).

An entry and its change are one transaction: there is never one without the other.
"""

import hashlib
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.aws.failures import Contended
from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, Unavailable
from chalicelib.tenants.audit import store
from chalicelib.tenants.audit.models import NUM_CHAINS, AuditRecord, ChainHead, audit_pk, record_sk

FIRST_HASH = "0" * 64

# The first try is for chain 0, which is the only one as long as nobody else works at the same moment; whoever finds it
# taken takes any other. So fifty writers without rest, who make more than 1,000 entries a minute, come through
# (tests/bench/trail.py). Waits of 10 to 400 ms, about six seconds in all.
_TRIES = 20
_FIRST_WAIT = 0.01
_LONGEST_WAIT = 0.4


@dataclass(frozen=True)
class AuditEntry:
    """Who did what: `target` is like `group/01H...`; `before` and `after` hold the fields that changed."""

    actor: str
    action: str
    target: str
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


def commit(tenant_pk: str, audit_entry: AuditEntry, writes: Sequence[Write], now: datetime) -> None:
    """Do the writes and record the entry, in one transaction.

    Raises ConditionFailed, with indexes of `writes`, when one of their conditions did not hold, and Unavailable
    when others took the next number each time.
    """
    contended = Unavailable()
    for attempt in range(_TRIES):
        chain = random.randrange(1, NUM_CHAINS) if attempt else 0
        record, head = _next_record(tenant_pk, chain, audit_entry, now)
        try:
            store.append(record, head, writes)
            return
        except Contended as error:
            contended = error
        except ConditionFailed as error:
            failed = [index for index in error.failed if index < len(writes)]
            if failed:
                raise ConditionFailed(failed) from error
        # Only the number was taken, or was being taken, by another entry: take one of another chain.
        time.sleep(random.uniform(0.5, 1) * min(_LONGEST_WAIT, _FIRST_WAIT * 2**attempt))
    raise contended


def hash_of(record: AuditRecord) -> str:
    """SHA-256 over the record and the hash before it: a change to either shows in all that follow."""
    content = [record.pk, record.sk, record.at, record.actor, record.action, record.target]
    content += [record.before or "", record.after or "", record.previous_hash]
    return hashlib.sha256(json.dumps(content, ensure_ascii=True).encode()).hexdigest()


def _next_record(
    tenant_pk: str, chain: int, audit_entry: AuditEntry, now: datetime
) -> tuple[AuditRecord, ChainHead | None]:
    """The record, and the head that it follows."""
    ends = store.ends(tenant_pk)
    head = ends.heads.get(chain)
    number, previous_hash, at = 1, FIRST_HASH, to_text(now)
    if head is not None:
        number, previous_hash, at = int(head.number) + 1, head.hash, max(at, head.at)
    elif chain == 0 and ends.newest is not None:
        # Written before there were heads.
        number, previous_hash = ends.newest.number + 1, ends.newest.hash
    record = AuditRecord(
        audit_pk(tenant_pk),
        record_sk(at, chain, number),
        at=at,
        actor=audit_entry.actor,
        action=audit_entry.action,
        target=audit_entry.target,
        before=_packed(audit_entry.before),
        after=_packed(audit_entry.after),
        previous_hash=previous_hash,
    )
    record.hash = hash_of(record)
    return record, head


def _packed(values: dict[str, Any] | None) -> str | None:
    return None if values is None else json.dumps(values, ensure_ascii=False, sort_keys=True, default=str)
