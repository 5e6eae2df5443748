"""HTTP: the audit trail."""

from typing import Any

from chalicelib.reporting.exports.schemas import ExportOut, Selection
from chalicelib.reporting.exports.states import ExportKind
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.audit import trail
from chalicelib.tenants.audit.schemas import AuditPage, AuditQuery, Verification
from chalicelib.web.idempotency import idempotent
from chalicelib.web.paging import Pager
from chalicelib.web.routing import Call, Empty, Routes

routes = Routes("Audit trail", __name__, needs=Permission.AUDIT)


@routes.add(
    "GET", "/orgs/{org_id}/audit", summary="What admins changed, newest first", answer=AuditPage, query=AuditQuery
)  # fmt: skip
def list_audit(call: Call[Empty, AuditQuery]) -> AuditPage:
    """With filters a page can be short, or empty, and still have a next one."""
    return trail.page(_org(call), call.query, Pager.of(call))


@routes.add(
    "GET", "/orgs/{org_id}/audit/verify", summary="Whether the audit trail is as it was written",
    answer=Verification
)  # fmt: skip
def verify_audit(call: Call[Empty, Empty]) -> Verification:
    """Every entry carries the hash of the one before: an entry that was changed or taken out shows."""
    return trail.verify(_org(call))


@routes.add(
    "POST", "/orgs/{org_id}/audit/export", summary="Export an evidence pack", answer=ExportOut, status=202,
    idempotent=True,
)  # fmt: skip
def export_evidence(call: Call[Empty, Empty]) -> ExportOut:
    """A signed ZIP of members, enrollments, completions and the audit trail, and the program that checks it offline."""
    from chalicelib.reporting.exports import service as exports

    scope = _org(call)
    selection = Selection(kind=ExportKind.EVIDENCE, **call.params)
    return idempotent(call, ExportOut, lambda seed: exports.start(scope, selection, seed, call.now))


@routes.add(
    "GET", "/orgs/{org_id}/audit/exports/{export_id}", summary="How far an evidence pack is, and its file",
    answer=ExportOut,
)  # fmt: skip
def find_evidence(call: Call[Empty, Empty]) -> ExportOut:
    """Only who asked for it gets the file. `url` can be followed for 15 minutes; ask again for another."""
    from chalicelib.reporting.exports import service as exports

    return exports.find(_org(call), call.params["export_id"], call.now)


def _org(call: Call[Any, Any]) -> Scope:
    return access.org(call.account_id, call.params["org_id"], call.needs)
