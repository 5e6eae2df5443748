"""After a log-in: the form that was sent when the session had ended, to be sent again."""

from chalicelib.portal.answer import KEPT_COOKIE, GoTo, Shown, no_cookie
from chalicelib.portal.site_map import ACCOUNT, Pages
from chalicelib.portal.visit import Visit
from chalicelib.web.sessions import kept_posts

pages = Pages(ACCOUNT)


@pages.get("/continue")
def show_kept(visit: Visit) -> GoTo | Shown:
    """It is sent by its owner's press, never by itself: what was true an hour ago may not be wanted now.

    The page can be loaded again until the ten minutes are over; what the form does happens once all the same.
    """
    kept = kept_posts.find(visit.cookies.get(KEPT_COOKIE, ""), visit.account_id, visit.now)
    if kept is None:
        return GoTo("/", (no_cookie(KEPT_COOKIE),))
    return Shown("doors/kept.html", {"kept": kept})
