"""The audit trail of one client while many write to it at once, with calls that take as long as AWS's.

DynamoDB Local runs transactions one after the other. DynamoDB cancels one that meets another on the same item; so it is
done here to whoever comes to the end of a chain while another transaction on it is under way.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, cast
from unittest import mock

from botocore.exceptions import ClientError

from chalicelib.aws.clients import client
from chalicelib.core.errors import MusterError
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log, store, trail
from chalicelib.tenants.audit.chains import Chains
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.audit.models import AuditRecord, ChainHead
from chalicelib.tenants.audit.schemas import Verification
from tests.bench.figure import Figure
from tests.bench.full_size import SECONDS_PER_CALL
from tests.bench.scenario import Scene

# A thousand entries a minute are to be possible. Twenty writers have no rest between their entries; fifty, all at the
# same moment, are the burst of a busy hour.
_ENTRIES = 1_000
_PER_MINUTE = 1_000
_WRITERS = (20, 50)
_TRIES = 4


def of_trail(scene: Scene) -> Iterator[Figure]:
    for writers in _WRITERS:
        yield from _of_writers(scene, writers)


def _of_writers(scene: Scene, writers: int) -> Iterator[Figure]:
    org_id = scene.world.org(scene.msp_id)
    tries: Counter[int] = Counter()
    mine = threading.local()
    append = store.append

    def counted(*more: Any) -> None:
        mine.tries += 1
        append(*more)

    def write(number: int) -> bool:
        mine.tries = 0
        entry = AuditEntry(scene.admin, "group.created", f"group/{number}", None, {"name": f"Group {number}"})
        try:
            log.commit(org_pk(org_id), entry, [], scene.world.now)
        except MusterError:
            return False
        finally:
            tries[mine.tries] += 1
        return True

    began = time.monotonic()
    with (
        mock.patch.object(store, "append", counted),
        _as_slow_as_aws() as cancelled,
        ThreadPoolExecutor(writers) as pool,
    ):
        num_failed = list(pool.map(write, range(_ENTRIES))).count(False)
    a_minute = _ENTRIES / (time.monotonic() - began) * 60
    found = _followed(Scope(scene.admin, scene.msp_id, org_id))
    per_entry = sum(number * times for number, times in tries.items()) / _ENTRIES
    name = f"B10 1,000 entries of one client, {writers} writers without rest:"
    yield Figure(f"{name} entries that failed", num_failed, 0)
    yield Figure(f"{name} entries of an unbroken trail", found.num_entries if found.ok else 0, _ENTRIES, is_least=True)
    yield Figure(f"{name} tries per entry", per_entry, _TRIES)
    yield Figure(f"{name} most tries of an entry", max(tries))
    yield Figure(f"{name} transactions cancelled by another", cancelled.total())
    yield Figure(f"{name} entries a minute", a_minute, _PER_MINUTE, is_least=True)


def _followed(scope: Scope) -> Verification:
    """There are no anchors here."""
    chains = Chains()
    for item in trail.every(scope):
        chains.note(chains.follow(item) if isinstance(item, AuditRecord) else chains.end(cast(ChainHead, item)))
    chains.note(chains.close())
    return chains.verification()


@contextmanager
def _as_slow_as_aws() -> Iterator[Counter[str]]:
    """Every call of the trail takes its time, and a transaction on a head meets those on the same one."""
    dynamodb, cancelled = client("dynamodb"), Counter[str]()
    transact, query = dynamodb.transact_write_items, dynamodb.query
    under_way: set[str] = set()
    guard = threading.Lock()

    def slow_query(**request: Any) -> Any:
        time.sleep(SECONDS_PER_CALL)
        return query(**request)

    def slow_transact(**request: Any) -> Any:
        (head,) = [
            item["Put"]["Item"]["sk"]["S"]
            for item in request["TransactItems"]
            if item.get("Put", {}).get("Item", {}).get("sk", {}).get("S", "").startswith("~")
        ]
        with guard:
            is_met = head in under_way
            under_way.add(head)
            cancelled[head] += is_met
        time.sleep(SECONDS_PER_CALL)
        if is_met:
            reasons = [{"Code": "TransactionConflict"}]
            error = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
            raise ClientError(error, "TransactWriteItems")  # type: ignore[arg-type]
        try:
            return transact(**request)
        finally:
            with guard:
                under_way.discard(head)

    with (
        mock.patch.object(dynamodb, "transact_write_items", slow_transact),
        mock.patch.object(dynamodb, "query", slow_query),
    ):
        yield cancelled
