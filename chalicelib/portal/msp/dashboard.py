"""The dashboard: totals, what needs attention, what runs now, drafts, and the table of clients."""

from typing import Any

from chalicelib.core.errors import Invalid
from chalicelib.portal.answer import Shown
from chalicelib.portal.live import live
from chalicelib.portal.msp.enrollment.draft import STEPS, first_open
from chalicelib.portal.msp.training import first_of
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.states import Permission
from chalicelib.training.rollouts import dashboard as service
from chalicelib.training.rollouts.drafts import service as drafts
from chalicelib.training.rollouts.schemas import Dashboard, DashboardQuery, DashboardSort, DashboardStatus

pages = Pages(Permission.ROLLOUTS)

_MOST_DRAFTS = 5


@pages.get("/msp/training")
def dashboard(visit: Visit) -> Shown:
    """The filters stand in the address. What the address has and nobody can choose is as if it were not there.

    Who chose no order finds clients with failures first, when there are any.
    """
    scope = visit.msp_scope
    search, status, sort = (visit.query.one(name)[:200] for name in ("search", "status", "sort"))
    given: dict[str, Any] = {
        "search": search or None,
        "status": status if status in set(DashboardStatus) else None,
    }
    is_chosen = sort in set(DashboardSort)
    query = DashboardQuery(**given, sort=sort if is_chosen else DashboardSort.ADDED)
    shown = service.dashboard(scope, query, visit.pager(query))
    if not is_chosen and shown.totals.failed and not visit.query.one("cursor"):
        query, shown = _failures_first(visit, query, shown)
    running, failed_launches = service.recent(scope, visit.now)
    begun = drafts.newest(scope, visit.now)
    facts = {
        "shown": shown,
        "search": search,
        "status": query.status or "",
        "sort": query.sort,
        "chosen_sort": query.sort if is_chosen else None,
        "cursor": visit.query.one("cursor"),
        "running": running,
        "failed_launches": failed_launches,
        "live": live(visit, bool(running)),
        "drafts": [(draft, STEPS.index(first_open(draft)) + 1) for draft in begun[:_MOST_DRAFTS]],
        "has_more_drafts": len(begun) > _MOST_DRAFTS,
    }
    return Shown("msp/dashboard.html", {**facts, **first_of(visit)})


def _failures_first(visit: Visit, query: DashboardQuery, shown: Dashboard) -> tuple[DashboardQuery, Dashboard]:
    """As it is where there are more clients than can be sorted."""
    sorted_query = query.model_copy(update={"sort": DashboardSort.FAILED})
    try:
        return sorted_query, service.dashboard(visit.msp_scope, sorted_query, visit.pager(sorted_query))
    except Invalid:
        return query, shown
