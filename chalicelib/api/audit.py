"""HTTP: the audit trail."""

from typing import Any

from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.audit import trail
from chalicelib.tenants.audit.schemas import AuditPage, Verification
from chalicelib.web.paging import PageQuery, Pager
from chalicelib.web.routing import Call, Empty, Routes

routes = Routes("Audit trail", __name__, needs=Permission.AUDIT)


@routes.add(
    "GET", "/orgs/{org_id}/audit", summary="What admins changed, newest first", answer=AuditPage, query=PageQuery
)  # fmt: skip
def list_audit(call: Call[Empty, PageQuery]) -> AuditPage:
    return trail.page(_org(call), Pager.of(call))


@routes.add(
    "GET", "/orgs/{org_id}/audit/verify", summary="Whether the audit trail is as it was written",
    answer=Verification
)  # fmt: skip
def verify_audit(call: Call[Empty, Empty]) -> Verification:
    """Every entry carries the hash of the one before: an entry that was changed or taken out shows."""
    return trail.verify(_org(call))


def _org(call: Call[Any, Any]) -> Scope:
    return access.org(call.account_id, call.params["org_id"], call.needs)
