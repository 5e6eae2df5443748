"""The query of the dashboard: totals and clients are in the MSP's partition."""

from chalicelib.aws import mixed, table
from chalicelib.core.paging import Page
from chalicelib.tenants.access.models import msp_pk
from chalicelib.tenants.organizations.models import NUM_COUNT_SHARDS, Counts, Org

_COUNTS = "COUNTS#"
_ORGS = "ORG#"


def dashboard(msp_id: str, limit: int, after: str | None) -> tuple[list[Counts], Page[Org]]:
    """Totals and one page of clients.

    The first page is one query, since the totals sort before the clients. A later page reads the totals with a
    query of its own (half a read unit).
    """
    pk = msp_pk(msp_id)
    if after is not None:
        return totals(msp_id), table.query(Org, pk, prefix=_ORGS, after=after, limit=limit)
    page = mixed.query_between({_COUNTS: Counts, _ORGS: Org}, pk, _COUNTS, f"{_ORGS}~", limit + NUM_COUNT_SHARDS)
    all_orgs = [item for item in page.items if isinstance(item, Org)]
    orgs = all_orgs[:limit]
    has_more = len(all_orgs) > limit or page.next_position is not None
    next_position = orgs[-1].sk if orgs and has_more else None
    return [item for item in page.items if isinstance(item, Counts)], Page(orgs, next_position)


def totals(msp_id: str) -> list[Counts]:
    return list(table.query(Counts, msp_pk(msp_id), prefix=_COUNTS).items)
