"""An organization and its time zone, read for rooms above."""

from zoneinfo import ZoneInfo

from chalicelib.core.errors import Conflict, NotFound
from chalicelib.tenants.organizations import store
from chalicelib.tenants.organizations.models import Org


def org_of(msp_id: str, org_id: str) -> Org:
    """Read eventually consistently. Raises NotFound."""
    org = store.org(msp_id, org_id, consistent=False)
    if org is None:
        raise NotFound()
    return org


def open_org_of(msp_id: str, org_id: str, so: str = "nothing new can start there") -> Org:
    """For what begins something new, as it is now; `so` is what being closed means for who asks.

    Raises NotFound, and Conflict for a client that was closed."""
    org = store.org(msp_id, org_id)
    if org is None:
        raise NotFound("There is no such organization")
    refuse_closed(org, so)
    return org


def refuse_closed(org: Org, so: str) -> None:
    """Raises Conflict when its MSP closed it, with what that means for who asks."""
    if org.closed_at:
        raise Conflict("client_closed", f"{org.name} is closed, so {so}.")


def zone_in(msp_id: str, org_id: str) -> ZoneInfo:
    return zone_of(org_of(msp_id, org_id))


def zone_of(org: Org) -> ZoneInfo:
    """UTC for a client that lost its time zone: it is not ready, and its rows will fail."""
    return ZoneInfo(org.time_zone or "UTC")
