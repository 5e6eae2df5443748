"""HTTP: lists as CSV files. A `POST` to a list's path + `/export` asks for one; what it answers is then polled."""

from typing import Any

from chalicelib.reporting.exports.schemas import ExportOut, ExportPage, LearnersFilter, ParticipantsFilter, Selection
from chalicelib.reporting.exports.states import ExportKind
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.training.batches.visibility import batch_of
from chalicelib.web.idempotency import idempotent
from chalicelib.web.paging import PageQuery, Pager
from chalicelib.web.routing import Call, Empty, Routes

# What only these routes need is imported by them: it would cost every cold start a tenth.
routes = Routes("Exports", __name__, needs=Permission.ROLLOUTS)

_ORG = "/orgs/{org_id}"
_INSIDE: Any = {"needs": Permission.TRAINING_READ, "limited": True, "tag": "Training in one organization"}


@routes.add(
    "POST", "/msp/training/export", summary="Export the dashboard", answer=ExportOut, status=202, idempotent=True
)
def export_dashboard(call: Call[Empty, Empty]) -> ExportOut:
    """A line per client. Poll the export until it is ready, then fetch its file."""
    return _start(call, Selection(kind=ExportKind.DASHBOARD), _scope(call))


@routes.add(
    "POST", "/msp/training/{org_id}/export", summary="Export a client's batches", answer=ExportOut, status=202,
    idempotent=True,
)  # fmt: skip
def export_batches(call: Call[Empty, Empty]) -> ExportOut:
    """A line per batch, with the columns of the list. Poll the export until it is ready, then fetch its file."""
    return _start(call, Selection(kind=ExportKind.BATCHES, **call.params), _scope(call))


@routes.add(
    "POST", "/msp/training/{org_id}/{batch_id}/courses/{course_id}/learners/export",
    summary="Export the learners of one course of a batch", answer=ExportOut, query=LearnersFilter, status=202,
    idempotent=True,
)  # fmt: skip
def export_learners(call: Call[Empty, LearnersFilter]) -> ExportOut:
    """A line per learner, with the columns of the list. Poll the export until it is ready, then fetch its file."""
    return _start(call, Selection(kind=ExportKind.LEARNERS, outcome=call.query.outcome, **call.params), _scope(call))


@routes.add("GET", "/msp/exports/{export_id}", summary="How far an export is, and its file", answer=ExportOut)
def find_export(call: Call[Empty, Empty]) -> ExportOut:
    """`url` needs no token, and can be followed for 15 minutes; ask again for another. The file stays for 7 days."""

    from chalicelib.reporting.exports import service as exports

    return exports.find(_scope(call), call.params["export_id"], call.now)


@routes.add(
    "POST", _ORG + "/training/export", summary="Export the organization's batches", answer=ExportOut, status=202,
    idempotent=True, **_INSIDE,
)  # fmt: skip
def export_own_batches(call: Call[Empty, Empty]) -> ExportOut:
    """A line per batch that the list shows. Poll the export until it is ready, then fetch its file."""
    return _start(call, Selection(kind=ExportKind.BATCHES, **call.params), _own(call))


@routes.add(
    "POST", _ORG + "/training/{batch_id}/courses/{course_id}/learners/export",
    summary="Export the learners of one course of a batch", answer=ExportOut, query=LearnersFilter, status=202,
    idempotent=True, **_INSIDE,
)  # fmt: skip
def export_own_learners(call: Call[Empty, LearnersFilter]) -> ExportOut:
    """A line per learner that the list shows. Poll the export until it is ready, then fetch its file."""
    scope = _own(call)
    batch_of(scope, call.params["batch_id"])
    return _start(call, Selection(kind=ExportKind.LEARNERS, outcome=call.query.outcome, **call.params), scope)


@routes.add(
    "POST", _ORG + "/trainings/{training_id}/participants/export",
    summary="Export who is in a live training", answer=ExportOut, query=ParticipantsFilter, status=202,
    idempotent=True, needs=Permission.TRAINING_READ, limited=True, tag="Live trainings",
)  # fmt: skip
def export_participants(call: Call[Empty, ParticipantsFilter]) -> ExportOut:
    """A line per participant that the list shows. Poll the export until it is ready, then fetch its file."""
    query = call.query
    selection = Selection(kind=ExportKind.PARTICIPANTS, session_id=query.session_id, status=query.status, **call.params)
    return _start(call, selection, _own(call))


@routes.add(
    "POST", _ORG + "/certificates/export", summary="Export the certificates that were issued", answer=ExportOut,
    status=202, idempotent=True, **_INSIDE,
)  # fmt: skip
def export_certificates(call: Call[Empty, Empty]) -> ExportOut:
    """A line per certificate that the list shows. Poll the export until it is ready, then fetch its file."""
    return _start(call, Selection(kind=ExportKind.CERTIFICATES, **call.params), _own(call))


@routes.add(
    "GET", _ORG + "/exports", summary="The organization's exports, newest first", answer=ExportPage, query=PageQuery,
    **_INSIDE,
)  # fmt: skip
def list_own_exports(call: Call[Empty, PageQuery]) -> ExportPage:
    """Those whose file the caller may have; for it, read one."""

    from chalicelib.reporting.exports import service as exports

    return exports.page(_own(call), Pager.of(call), call.now)


@routes.add(
    "GET", _ORG + "/exports/{export_id}", summary="How far an export is, and its file", answer=ExportOut, **_INSIDE
)
def find_own_export(call: Call[Empty, Empty]) -> ExportOut:
    """`url` needs no token, and can be followed for 15 minutes; ask again for another. The file stays for 7 days.

    It takes the permission by which an export of this kind is asked for: `members` for what is stored about a member.
    """

    from chalicelib.reporting.exports import service as exports

    account_id, org_id = call.account_id, call.params["org_id"]

    def scope_for(permission: Permission) -> Scope:
        return access.org_or_departments(account_id, org_id, permission)

    return exports.find_in(org_id, call.params["export_id"], scope_for, call.now)


def _start(call: Call[Any, Any], selection: Selection, scope: Scope) -> ExportOut:
    from chalicelib.reporting.exports import service as exports

    return idempotent(call, ExportOut, lambda seed: exports.start(scope, selection, seed, call.now))


def _own(call: Call[Any, Any]) -> Scope:
    return access.org_or_departments(call.account_id, call.params["org_id"], call.needs)


def _scope(call: Call[Any, Any]) -> Scope:
    return access.msp(call.account_id, call.needs, call.msp_id)
