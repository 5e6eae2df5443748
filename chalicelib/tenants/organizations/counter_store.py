"""The dashboard's counters of a client and the totals of its MSP, changed in the transactions of the rows."""

from collections.abc import Mapping

from chalicelib.aws.table import Write
from chalicelib.core.ids import shard_of
from chalicelib.tenants.access.models import msp_pk
from chalicelib.tenants.organizations.models import NUM_COUNT_SHARDS, Counts, Org, counts_sk, org_sk

# The totals show three of the client's five numbers.
_IN_TOTALS = frozenset({"num_courses", "num_completed", "num_scheduled"})


def counter_writes(msp_id: str, org_id: str, changes: Mapping[str, int]) -> list[Write]:
    """Add to the client's counters, by attribute name. No write for changes that are all 0."""
    changed = {name: number for name, number in changes.items() if number}
    if not changed:
        return []
    org = Org(msp_pk(msp_id), org_sk(org_id))
    actions = tuple(getattr(Org, name).add(number) for name, number in changed.items())
    writes = [Write("update", org, Org.pk.exists(), actions)]
    total_actions = tuple(getattr(Counts, name).add(number) for name, number in changed.items() if name in _IN_TOTALS)
    if total_actions:
        shard = Counts(msp_pk(msp_id), counts_sk(shard_of(org_id, NUM_COUNT_SHARDS)))
        writes.append(Write("update", shard, None, total_actions))
    return writes
