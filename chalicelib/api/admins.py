"""HTTP: admins, the audit trail, and what says how Muster is."""

import json
from typing import Any

from chalice.app import Response

from chalicelib.core.errors import MusterError, Unavailable
from chalicelib.core.settings import build, settings
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.admins.schemas import AdminOut, AdminPage, AppointMspAdmin, AppointOrgAdmin
from chalicelib.tenants.audit import trail
from chalicelib.tenants.audit.schemas import AuditPage, Verification
from chalicelib.web.paging import PageQuery, Pager
from chalicelib.web.routing import ROUTES, Call, Empty, Routes
from chalicelib.web.schemas import Health
from chalicelib.wiring import once, wiring

routes = Routes("Admins", __name__)
_PUBLIC = "About Muster"


@routes.add("GET", "/msp/admins", summary="Admins of the MSP", answer=AdminPage, query=PageQuery)
def list_msp_admins(call: Call[Empty, PageQuery]) -> AdminPage:
    return wiring().admins.page(_msp(call), Pager.of(call))


@routes.add(
    "POST", "/msp/admins", summary="Appoint an admin of the MSP", answer=AdminOut, body=AppointMspAdmin, status=201,
    once=True,
)  # fmt: skip
def appoint_msp_admin(call: Call[AppointMspAdmin, Empty]) -> AdminOut:
    """Who has no account yet gets one, and a mail with a first password."""
    scope = _msp(call)
    admins = wiring().admins
    return once(call, AdminOut, lambda seed: admins.appoint_msp_admin(scope, call.body.email, seed, call.now))


@routes.add("DELETE", "/msp/admins/{account_id}", summary="Remove an admin of the MSP", answer=None, status=204)
def dismiss_msp_admin(call: Call[Empty, Empty]) -> None:
    """The last one stays: 409 `last_admin`."""
    wiring().admins.dismiss(_msp(call), call.params["account_id"], call.now)


@routes.add("GET", "/orgs/{org_id}/admins", summary="Admins of the organization", answer=AdminPage, query=PageQuery)
def list_org_admins(call: Call[Empty, PageQuery]) -> AdminPage:
    return wiring().admins.page(_org(call, Permission.ORG_ADMINS), Pager.of(call))


@routes.add(
    "POST", "/orgs/{org_id}/admins", summary="Appoint an admin of the organization", answer=AdminOut,
    body=AppointOrgAdmin, status=201, once=True,
)  # fmt: skip
def appoint_org_admin(call: Call[AppointOrgAdmin, Empty]) -> AdminOut:
    """An account has one role in an organization; to change it, remove it and appoint again."""
    scope = _org(call, Permission.ORG_ADMINS)
    admins = wiring().admins
    return once(call, AdminOut, lambda seed: admins.appoint_org_admin(scope, call.body, seed, call.now))


@routes.add(
    "DELETE", "/orgs/{org_id}/admins/{account_id}", summary="Remove an admin of the organization", answer=None,
    status=204,
)  # fmt: skip
def dismiss_org_admin(call: Call[Empty, Empty]) -> None:
    wiring().admins.dismiss(_org(call, Permission.ORG_ADMINS), call.params["account_id"], call.now)


@routes.add(
    "GET", "/orgs/{org_id}/audit", summary="What admins changed, newest first", answer=AuditPage, query=PageQuery,
    tag="Audit trail",
)  # fmt: skip
def list_audit(call: Call[Empty, PageQuery]) -> AuditPage:
    return trail.page(_org(call, Permission.AUDIT), Pager.of(call))


@routes.add(
    "GET", "/orgs/{org_id}/audit/verify", summary="Whether the audit trail is as it was written",
    answer=Verification, tag="Audit trail",
)  # fmt: skip
def verify_audit(call: Call[Empty, Empty]) -> Verification:
    """Every entry carries the hash of the one before: an entry that was changed or taken out shows."""
    return trail.verify(_org(call, Permission.AUDIT))


@routes.add(
    "GET", "/health", summary="Which build runs, and whether it can work", answer=Health, public=True, tag=_PUBLIC
)
def health(call: Call[Empty, Empty]) -> Health:
    """503 when the table does not answer, with the same fields."""
    found = Health(build=build(), stage=settings().stage, table_answers=True)
    try:
        wiring().access.entries("health")
    except MusterError as error:
        problem = Unavailable("table_unavailable", "The table does not answer.")
        problem.extra.update(found.model_copy(update={"table_answers": False}).model_dump())
        raise problem from error
    return found


@routes.add(
    "GET", "/openapi.json", summary="This interface as an OpenAPI document", answer=None, public=True, tag=_PUBLIC
)
def openapi(call: Call[Empty, Empty]) -> Response:
    return _ready(json.dumps(_document()), "application/json")


@routes.add(
    "GET", "/docs", summary="This interface as a page to read", answer=None, public=True, content_type="text/html",
    tag=_PUBLIC,
)  # fmt: skip
def docs(call: Call[Empty, Empty]) -> Response:
    from chalicelib.web.docs_page import docs_page

    return _ready(docs_page(_document()), "text/html; charset=utf-8")


def _document() -> dict[str, Any]:
    # Only readers of the documentation need pydantic's schemas.
    from chalicelib.web.openapi import openapi_document

    return openapi_document(ROUTES)


def _ready(text: str, content_type: str) -> Response:
    headers: dict[str, str | list[str]] = {
        "Content-Type": content_type,
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return Response(text, headers)


def _msp(call: Call[Any, Any]) -> Scope:
    return wiring().access.msp(call.account_id, Permission.MSP_ADMINS, call.msp_id)


def _org(call: Call[Any, Any], permission: Permission) -> Scope:
    return wiring().access.org(call.account_id, call.params["org_id"], permission)
