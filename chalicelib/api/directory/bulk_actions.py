"""HTTP: invitations sent again or withdrawn, and people archived, by a filter: counted first, then done."""

from typing import Any

from chalicelib.people.bulk_actions import service
from chalicelib.people.bulk_actions.schemas import (
    BulkActionOut,
    BulkActionPage,
    BulkArchive,
    BulkInvites,
    BulkResultPage,
)
from chalicelib.people.bulk_actions.states import BulkKind
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.web.idempotency import idempotent
from chalicelib.web.paging import PageQuery, Pager
from chalicelib.web.routing import Call, Empty, Routes

routes = Routes("Bulk actions", __name__, needs=Permission.MEMBERS_READ, limited=True)

_ACTIONS = "/orgs/{org_id}/bulk-actions"
_INVITES = "/orgs/{org_id}/invites/bulk"
_ARCHIVE = "/orgs/{org_id}/members/bulk-archive"


@routes.add(
    "POST", _INVITES, summary="Count whose invitations would be sent again, or withdrawn", answer=BulkActionOut,
    body=BulkInvites, status=201, idempotent=True, needs=Permission.INVITES,
)  # fmt: skip
def prepare_invites(call: Call[BulkInvites, Empty]) -> BulkActionOut:
    """Nothing is sent before it is run. While it is `counting`, poll it."""
    scope, form = _scope(call), call.body
    return idempotent(
        call, BulkActionOut,
        lambda seed: service.prepare(scope, form.action, form, form.clear_blocked, seed, call.now),
    )  # fmt: skip


@routes.add(
    "POST", _INVITES + "/{action_id}/run", summary="Send these invitations again, or withdraw them",
    answer=BulkActionOut, status=202, idempotent=True, needs=Permission.INVITES,
)  # fmt: skip
def run_invites(call: Call[Empty, Empty]) -> BulkActionOut:
    """Exactly those who were counted, in the background; each has a result."""
    return _run(call, frozenset({BulkKind.RESEND, BulkKind.CANCEL}))


@routes.add(
    "POST", _ARCHIVE, summary="Count who would be archived", answer=BulkActionOut, body=BulkArchive, status=201,
    idempotent=True, needs=Permission.MEMBERS,
)  # fmt: skip
def prepare_archive(call: Call[BulkArchive, Empty]) -> BulkActionOut:
    """Nobody is archived before it is run. While it is `counting`, poll it."""
    scope = _scope(call)
    return idempotent(
        call, BulkActionOut,
        lambda seed: service.prepare(scope, BulkKind.ARCHIVE, call.body, False, seed, call.now),
    )  # fmt: skip


@routes.add(
    "POST", _ARCHIVE + "/{action_id}/run", summary="Archive these people", answer=BulkActionOut, status=202,
    idempotent=True, needs=Permission.MEMBERS,
)  # fmt: skip
def run_archive(call: Call[Empty, Empty]) -> BulkActionOut:
    """Exactly those who were counted, in the background; each has a result."""
    return _run(call, frozenset({BulkKind.ARCHIVE}))


@routes.add("GET", _ACTIONS, summary="Bulk actions of the last 90 days", answer=BulkActionPage, query=PageQuery)
def list_actions(call: Call[Empty, PageQuery]) -> BulkActionPage:
    return service.page(_scope(call), Pager.of(call))


@routes.add("GET", _ACTIONS + "/{action_id}", summary="How far a bulk action is", answer=BulkActionOut)
def read_action(call: Call[Empty, Empty]) -> BulkActionOut:
    """Who is limited to departments finds those that were limited to the same."""
    return service.read(_scope(call), call.params["action_id"], call.now)


@routes.add(
    "GET", _ACTIONS + "/{action_id}/results", summary="What became of each person", answer=BulkResultPage,
    query=PageQuery,
)  # fmt: skip
def list_results(call: Call[Empty, PageQuery]) -> BulkResultPage:
    return service.results(_scope(call), call.params["action_id"], Pager.of(call), call.now)


def _run(call: Call[Empty, Empty], kinds: frozenset[BulkKind]) -> BulkActionOut:
    scope, action_id = _scope(call), call.params["action_id"]
    return idempotent(call, BulkActionOut, lambda seed: service.run(scope, action_id, kinds, seed, call.now))


def _scope(call: Call[Any, Any]) -> Scope:
    return access.org_or_departments(call.account_id, call.params["org_id"], call.needs)
