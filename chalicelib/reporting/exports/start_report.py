"""An export of a report: of the numbers that were counted last."""

from datetime import datetime

from chalicelib.reporting.exports import service
from chalicelib.reporting.exports.schemas import ExportOut, Selection
from chalicelib.reporting.exports.states import ExportKind
from chalicelib.reporting.reports import service as reports
from chalicelib.reporting.reports.schemas import Period
from chalicelib.reporting.reports.states import ReportKind
from chalicelib.tenants.access.service import Scope


def start(scope: Scope, kind: ReportKind, period: Period, seed: str, now: datetime) -> ExportOut:
    """Raises Conflict while nothing was counted yet."""
    selection = Selection(
        kind=ExportKind.REPORT,
        report=kind,
        org_id=scope.org_id or "",
        files_id=reports.latest(scope, now),
        first_day=period.from_,
        last_day=period.to,
    )
    return service.start(scope, selection, seed, now)
