"""Where a log-in leads: to the one place that somebody has, or to the choice of several."""

from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.site_map import ACCOUNT, Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.states import Role

pages = Pages(ACCOUNT)


@pages.get("/")
def home(visit: Visit) -> GoTo | Shown:
    me = visit.me
    if not me.roles:
        return GoTo("/me")
    if len(me.roles) == 1 and not me.memberships:
        (role,) = me.roles
        return GoTo("/msp/training" if role.role == Role.MSP_ADMIN else f"/orgs/{role.org_id}")
    return Shown("home.html", {"memberships": me.memberships})
