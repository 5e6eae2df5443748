"""HTTP: drafts of launches, the same that the wizard of the portal keeps. Each is its admin's own."""

from typing import Any

from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.training.rollouts.drafts import service as drafts
from chalicelib.training.rollouts.drafts.schemas import DraftForm, DraftOut, DraftPage, DraftPatch, NewDraft
from chalicelib.web.idempotency import idempotent
from chalicelib.web.paging import PageQuery, Pager
from chalicelib.web.routing import Call, Empty, Routes

routes = Routes("Drafts", __name__, needs=Permission.ROLLOUTS)

_DRAFTS = "/msp/training/drafts"
_DRAFT = _DRAFTS + "/{draft_id}"


def _scope(call: Call[Any, Any]) -> Scope:
    return access.msp(call.account_id, call.needs, call.msp_id)


@routes.add("GET", _DRAFTS, summary="Your drafts of launches, newest first", answer=DraftPage, query=PageQuery)
def list_drafts(call: Call[Empty, PageQuery]) -> DraftPage:
    """Those that were not launched."""
    return drafts.page(_scope(call), Pager.of(call), call.now)


@routes.add(
    "POST", _DRAFTS, summary="Begin a draft", answer=DraftOut, body=NewDraft, status=201, idempotent=True
)  # fmt: skip
def begin_draft(call: Call[NewDraft, Empty]) -> DraftOut:
    """With its name, and whatever is chosen already. It is kept until nobody changed it for 90 days."""
    scope = _scope(call)

    def action(seed: str) -> DraftOut:
        return drafts.out(drafts.begin(scope, seed, DraftForm(**call.body.given()), call.now))

    return idempotent(call, DraftOut, action)


@routes.add("GET", _DRAFT, summary="A draft", answer=DraftOut)
def find_draft(call: Call[Empty, Empty]) -> DraftOut:
    return drafts.out(drafts.find(_scope(call), call.params["draft_id"], call.now))


@routes.add("PATCH", _DRAFT, summary="Change a draft", answer=DraftOut, body=DraftPatch)
def change_draft(call: Call[DraftPatch, Empty]) -> DraftOut:
    """What is left out stays, also what another window changes at the same moment. A launched draft stays as it is."""
    return drafts.out(drafts.change(_scope(call), call.params["draft_id"], call.body.given(), call.now))


@routes.add("DELETE", _DRAFT, summary="Delete a draft", answer=None, status=204)
def delete_draft(call: Call[Empty, Empty]) -> None:
    """Deleting it again changes nothing."""
    drafts.delete(_scope(call), call.params["draft_id"], call.now)
