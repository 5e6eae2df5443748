"""The audit trail: every change an admin makes, chained so that tampering shows.

An entry and the change it tells of are one transaction: there is never one without the other.
"""

import hashlib
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.aws import table
from chalicelib.aws.table import Write, put_new
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, Unavailable
from chalicelib.core.paging import Page
from chalicelib.tenants.audit.models import AuditRecord, audit_pk

FIRST_HASH = "0" * 64

# Entries of one organization wait for each other: 10 ms to 1.3 s, 8 tries.
_TRIES = 8
_FIRST_WAIT = 0.01


@dataclass(frozen=True)
class AuditEntry:
    """What somebody did: `target` is like `group/01H...`; before and after hold the fields that changed."""

    actor: str
    action: str
    target: str
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


def commit(tenant_pk: str, audit_entry: AuditEntry, writes: Sequence[Write], now: datetime) -> None:
    """Do the writes and tell of them.

    Raises ConditionFailed, with indexes of `writes`, when one of their conditions did not hold, and
    Unavailable when others kept writing entries first: nothing is wrong with the change then.
    """
    for attempt in range(_TRIES):
        entry = _next_record(tenant_pk, audit_entry, now)
        try:
            table.transact([*writes, put_new(entry)])
            return
        except ConditionFailed as error:
            ours = [index for index in error.failed if index < len(writes)]
            if ours:
                raise ConditionFailed(ours) from error
            # Only the number was taken, by another admin's entry: take the next one.
            time.sleep(random.uniform(0.5, 1) * _FIRST_WAIT * 2**attempt)
    raise Unavailable()


def entries(tenant_pk: str, limit: int, after: str | None) -> Page[AuditRecord]:
    """Newest first."""
    return table.query(AuditRecord, audit_pk(tenant_pk), limit=limit, after=after, newest_first=True)


def number_key(number: int) -> str:
    """The sort key of the entry with this number; 12 digits sort as the numbers do."""
    return f"{number:012d}"


def hash_of(entry: AuditRecord) -> str:
    """SHA-256 over the entry and the hash before it; any change to either shows in all that follow."""
    content = [entry.pk, entry.sk, entry.at, entry.actor, entry.action, entry.target]
    content += [entry.before or "", entry.after or "", entry.previous_hash]
    return hashlib.sha256(json.dumps(content, ensure_ascii=True).encode()).hexdigest()


def _next_record(tenant_pk: str, audit_entry: AuditEntry, now: datetime) -> AuditRecord:
    last = table.query(AuditRecord, audit_pk(tenant_pk), limit=1, newest_first=True, consistent=True).items
    number = int(last[0].sk) + 1 if last else 1
    entry = AuditRecord(
        audit_pk(tenant_pk),
        number_key(number),
        at=to_text(now),
        actor=audit_entry.actor,
        action=audit_entry.action,
        target=audit_entry.target,
        before=_packed(audit_entry.before),
        after=_packed(audit_entry.after),
        previous_hash=last[0].hash if last else FIRST_HASH,
    )
    entry.hash = hash_of(entry)
    return entry


def _packed(values: dict[str, Any] | None) -> str | None:
    return None if values is None else json.dumps(values, ensure_ascii=False, sort_keys=True, default=str)
