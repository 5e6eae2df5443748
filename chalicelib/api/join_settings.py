"""HTTP: the settings of the join page."""

from typing import Any

from chalicelib.people.join_page import settings as join_settings
from chalicelib.people.join_page.schemas import JoinPageForm, JoinPageOut
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.web.routing import Call, Empty, Routes

routes = Routes("Join page", __name__, needs=Permission.SETTINGS)

_PATH = "/orgs/{org_id}/join-page"


@routes.add("GET", _PATH, summary="Settings of the join page, and its link", answer=JoinPageOut)
def read_join_page(call: Call[Empty, Empty]) -> JoinPageOut:
    """`problems` says what keeps the page from being shown although it is switched on."""
    return join_settings.page_settings(_scope(call))


@routes.add("PUT", _PATH, summary="Set up the join page", answer=JoinPageOut, body=JoinPageForm)
def set_join_page(call: Call[JoinPageForm, Empty]) -> JoinPageOut:
    """409 `slug_taken` when another organization's page has this address."""
    return join_settings.change(_scope(call), call.body, call.now)


def _scope(call: Call[Any, Any]) -> Scope:
    return access.org(call.account_id, call.params["org_id"], call.needs)
