"""The dashboard: totals, what needs attention, what runs now, drafts, and the table of clients."""

from typing import Any

from chalicelib.portal.answer import Shown
from chalicelib.portal.live import live
from chalicelib.portal.msp.enrollment.draft import STEPS, first_open
from chalicelib.portal.msp.training import first_of
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.states import Permission
from chalicelib.training.rollouts import dashboard as service
from chalicelib.training.rollouts.drafts import service as drafts
from chalicelib.training.rollouts.schemas import DashboardQuery, DashboardSort, DashboardStatus

pages = Pages(Permission.ROLLOUTS)

_MOST_DRAFTS = 5


@pages.get("/msp/training")
def dashboard(visit: Visit) -> Shown:
    """The filters stand in the address. What the address has and nobody can choose is as if it were not there."""
    scope = visit.msp_scope
    search, status, sort = (visit.query.one(name)[:200] for name in ("search", "status", "sort"))
    given: dict[str, Any] = {
        "search": search or None,
        "status": status if status in set(DashboardStatus) else None,
        "sort": sort if sort in set(DashboardSort) else DashboardSort.ADDED,
    }
    query = DashboardQuery(**given)
    running = service.running(scope, visit.now)
    begun = drafts.newest(scope, visit.now)
    facts = {
        "shown": service.dashboard(scope, query, visit.pager(query)),
        "search": search,
        "status": query.status or "",
        "sort": query.sort,
        "running": running,
        "live": live(visit, bool(running)),
        "drafts": [(draft, STEPS.index(first_open(draft)) + 1) for draft in begun[:_MOST_DRAFTS]],
        "has_more_drafts": len(begun) > _MOST_DRAFTS,
    }
    return Shown("msp/dashboard.html", {**facts, **first_of(visit)})
