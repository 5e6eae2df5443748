"""Writes the audit trail: every change that an admin makes, chained by hashes so that tampering shows.

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

from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, Unavailable
from chalicelib.tenants.audit import store
from chalicelib.tenants.audit.models import AuditRecord, audit_pk

FIRST_HASH = "0" * 64

# Admins of one tenant compete for the next number: waits of 10 ms to 1.3 s, 8 tries.
_TRIES = 8
_FIRST_WAIT = 0.01


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
    when other admins took the next number each time.
    """
    for attempt in range(_TRIES):
        record = _next_record(tenant_pk, audit_entry, now)
        try:
            store.append(record, writes)
            return
        except ConditionFailed as error:
            failed = [index for index in error.failed if index < len(writes)]
            if failed:
                raise ConditionFailed(failed) from error
            # Only the number was taken, by another admin's entry: take the next one.
            time.sleep(random.uniform(0.5, 1) * _FIRST_WAIT * 2**attempt)
    raise Unavailable()


def number_key(number: int) -> str:
    """The sort key of the record with this number; 12 digits sort as the numbers do."""
    return f"{number:012d}"


def hash_of(record: AuditRecord) -> str:
    """SHA-256 over the record and the hash before it: a change to either shows in all that follow."""
    content = [record.pk, record.sk, record.at, record.actor, record.action, record.target]
    content += [record.before or "", record.after or "", record.previous_hash]
    return hashlib.sha256(json.dumps(content, ensure_ascii=True).encode()).hexdigest()


def _next_record(tenant_pk: str, audit_entry: AuditEntry, now: datetime) -> AuditRecord:
    last = store.last(tenant_pk)
    record = AuditRecord(
        audit_pk(tenant_pk),
        number_key(int(last.sk) + 1 if last else 1),
        at=to_text(now),
        actor=audit_entry.actor,
        action=audit_entry.action,
        target=audit_entry.target,
        before=_packed(audit_entry.before),
        after=_packed(audit_entry.after),
        previous_hash=last.hash if last else FIRST_HASH,
    )
    record.hash = hash_of(record)
    return record


def _packed(values: dict[str, Any] | None) -> str | None:
    return None if values is None else json.dumps(values, ensure_ascii=False, sort_keys=True, default=str)
