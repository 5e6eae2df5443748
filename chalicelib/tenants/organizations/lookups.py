"""An organization and its time zone, read for rooms above."""

from zoneinfo import ZoneInfo

from chalicelib.core.errors import NotFound
from chalicelib.tenants.organizations import store
from chalicelib.tenants.organizations.models import Org


def org_of(msp_id: str, org_id: str) -> Org:
    """Read eventually consistently. Raises NotFound."""
    org = store.org(msp_id, org_id, consistent=False)
    if org is None:
        raise NotFound()
    return org


def zone_in(msp_id: str, org_id: str) -> ZoneInfo:
    return zone_of(org_of(msp_id, org_id))


def zone_of(org: Org) -> ZoneInfo:
    """UTC for a client that lost its time zone: it is not ready, and its rows will fail."""
    return ZoneInfo(org.time_zone or "UTC")
