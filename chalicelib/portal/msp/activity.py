"""What this account started and waits for, at this MSP."""

from chalicelib.portal.answer import Shown
from chalicelib.portal.live import live
from chalicelib.portal.msp.training import first_of
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.reporting.activity import service
from chalicelib.reporting.activity.schemas import ActivityState
from chalicelib.tenants.access.states import Permission

pages = Pages(Permission.ROLLOUTS)


@pages.get("/msp/activity")
def activity(visit: Visit) -> Shown:
    shown = service.page(visit.msp_scope, visit.pager(), visit.now)
    is_running = any(one.state == ActivityState.RUNNING for one in shown.items)
    return Shown(
        "msp/activity.html",
        {"shown": shown, "live": live(visit, is_running), "cursor": visit.query.one("cursor"), **first_of(visit)},
    )
