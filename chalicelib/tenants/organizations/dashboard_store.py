"""The dashboard's one query: totals and clients lie side by side in the MSP's partition."""

from chalicelib.aws import table
from chalicelib.core.paging import Page
from chalicelib.tenants.access.models import msp_pk
from chalicelib.tenants.organizations.models import NUM_COUNT_SHARDS, Counts, Org

_COUNTS = "COUNTS#"
_ORGS = "ORG#"


def dashboard(msp_id: str, limit: int, after: str | None) -> tuple[list[Counts], Page[Org]]:
    """Totals and one page of clients.

    The first page is one query, for the totals sort before the clients; a later page reads the totals
    (half a read unit) beside its own.
    """
    pk = msp_pk(msp_id)
    if after is not None:
        counts = table.query(Counts, pk, prefix=_COUNTS).items
        return list(counts), table.query(Org, pk, prefix=_ORGS, after=after, limit=limit)
    page = table.query_between({_COUNTS: Counts, _ORGS: Org}, pk, _COUNTS, f"{_ORGS}~", limit + NUM_COUNT_SHARDS)
    found = [item for item in page.items if isinstance(item, Org)]
    orgs = found[:limit]
    more = len(found) > limit or page.next_position is not None
    position = orgs[-1].sk if orgs and more else None
    return [item for item in page.items if isinstance(item, Counts)], Page(orgs, position)
