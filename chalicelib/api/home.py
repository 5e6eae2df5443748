"""HTTP: the start page of the caller's account."""

from chalicelib.reporting.home.schemas import HomeOut
from chalicelib.web.routing import Call, Empty, Routes

routes = Routes("Own account", __name__)


@routes.add("GET", "/me/home", summary="My start page", answer=HomeOut)
def show_home(call: Call[Empty, Empty]) -> HomeOut:
    """Invitations, courses with what is due first, trainings, notifications, certificates: the first, and how many."""
    from chalicelib.reporting.home import service

    return service.home(call.account_id, call.email, call.now)
