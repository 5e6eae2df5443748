"""HTTP: what an MSP's admin started and waits for."""

from chalicelib.reporting.activity.schemas import ActivityPage
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.states import Permission
from chalicelib.web.paging import PageQuery, Pager
from chalicelib.web.routing import Call, Empty, Routes

routes = Routes("Activity", __name__, needs=Permission.ROLLOUTS)


@routes.add(
    "GET", "/msp/activity", summary="What you started: rollouts, previews, exports, imports, undos",
    answer=ActivityPage, query=PageQuery,
)  # fmt: skip
def activity(call: Call[Empty, PageQuery]) -> ActivityPage:
    """Newest first, for 90 days, with how far each is. Your own, at the MSP of the request."""
    # What only this route needs is imported by it.
    from chalicelib.reporting.activity import service

    return service.page(access.msp(call.account_id, call.needs, call.msp_id), Pager.of(call), call.now)
