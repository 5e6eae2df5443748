"""Lists as CSV files: asking for one, and the page on which it is waited for and downloaded."""

from typing import Any

from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.live import live
from chalicelib.portal.msp.training import CLIENT, ROW
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.reporting.exports import service as exports
from chalicelib.reporting.exports.schemas import ExportOut, Selection
from chalicelib.reporting.exports.states import ExportKind, ExportStatus
from chalicelib.tenants.access.states import Permission
from chalicelib.training.batches.states import Outcome
from chalicelib.web.idempotency import idempotent

pages = Pages(Permission.ROLLOUTS)


@pages.post("/msp/training/export")
def export_dashboard(visit: Visit) -> GoTo:
    return _start(visit, ExportKind.DASHBOARD)


@pages.post(CLIENT + "/export")
def export_batches(visit: Visit) -> GoTo:
    return _start(visit, ExportKind.BATCHES, **visit.params)


@pages.post(ROW + "/export")
def export_learners(visit: Visit) -> GoTo:
    told = visit.query.one("outcome")
    outcome = Outcome(told) if told in set(Outcome) else None
    return _start(visit, ExportKind.LEARNERS, outcome=outcome, **visit.params)


@pages.get("/msp/exports/{msp_export_id}")
def export(visit: Visit) -> Shown:
    found = exports.find(visit.msp_scope, visit.params["msp_export_id"], visit.now)
    return Shown("msp/export.html", {"export": found, "live": live(visit, found.status == ExportStatus.RUNNING)})


def _start(visit: Visit, kind: ExportKind, **which: Any) -> GoTo:
    """Raises NotFound for a client of another MSP."""
    selection = Selection(kind=kind, **which)
    made = idempotent(
        visit.call(), ExportOut, lambda seed: exports.start(visit.msp_scope, selection, seed, visit.now)
    )  # fmt: skip
    return GoTo(visit.address(f"/msp/exports/{made.export_id}"))
