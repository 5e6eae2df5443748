"""The dashboard, a client's batches, and one batch."""

from chalicelib.portal.answer import Shown
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.states import Permission
from chalicelib.training.rollouts import views as rollout_views

pages = Pages(Permission.ROLLOUTS)


@pages.get("/msp/training")
def dashboard(visit: Visit) -> Shown:
    shown = rollout_views.dashboard(visit.msp_scope, visit.pager())
    return Shown("msp/dashboard.html", {"shown": shown, "is_first": not visit.query.one("cursor"), "now": visit.now})
