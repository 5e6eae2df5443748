"""HTTP: reports of an organization and of an MSP, as JSON and, by exports, as CSV (O10)."""

from typing import Any, TypeVar

from chalicelib.reporting.exports.schemas import ExportOut
from chalicelib.reporting.reports.schemas import (
    ClientReport,
    ClientReportQuery,
    CourseReport,
    CourseReportQuery,
    DepartmentReport,
    DepartmentReportQuery,
    Period,
    ReportQuery,
    ReportState,
    SessionReport,
    TrainingReport,
    TrainingReportQuery,
)
from chalicelib.reporting.reports.states import ReportKind
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.web.idempotency import idempotent
from chalicelib.web.paging import Pager
from chalicelib.web.routing import Call, Empty, Routes

# What only these routes need is imported by them: it would cost every cold start a tenth.
routes = Routes("Reports", __name__, needs=Permission.TRAINING_READ, limited=True)

A = TypeVar("A", bound=ReportState)

_ORG = "/orgs/{org_id}/reports"
_MSP: Any = {"needs": Permission.ROLLOUTS, "limited": False}
_EXPORT: Any = {"answer": ExportOut, "query": Period, "status": 202, "idempotent": True}


@routes.add("GET", _ORG + "/courses", summary="Report by course", answer=CourseReport, query=CourseReportQuery)
def report_courses(call: Call[Empty, CourseReportQuery]) -> CourseReport:
    """Only participants invited through Muster: what somebody took on their own does not count.

    The numbers are counted in the background, anew when they are an hour old; `as_of` says when. A line without
    anything in the period is left out, so a page may be short.
    """
    return _page(call, _own(call), ReportKind.COURSES, CourseReport)


@routes.add("GET", _ORG + "/trainings", summary="Report by training", answer=TrainingReport, query=TrainingReportQuery)
def report_trainings(call: Call[Empty, TrainingReportQuery]) -> TrainingReport:
    """Participants of the sessions that start in the period, added up by training."""
    return _page(call, _own(call), ReportKind.TRAININGS, TrainingReport)


@routes.add("GET", _ORG + "/sessions", summary="Report by session", answer=SessionReport, query=ReportQuery)
def report_sessions(call: Call[Empty, ReportQuery]) -> SessionReport:
    """Participants of the sessions that start in the period, in order of time."""
    return _page(call, _own(call), ReportKind.SESSIONS, SessionReport)


@routes.add(
    "GET", _ORG + "/departments", summary="Report by department", answer=DepartmentReport, query=DepartmentReportQuery
)
def report_departments(call: Call[Empty, DepartmentReportQuery]) -> DepartmentReport:
    """Courses and trainings of the people who are in each department as of the count."""
    return _page(call, _own(call), ReportKind.DEPARTMENTS, DepartmentReport)


@routes.add("POST", _ORG + "/refresh", summary="Count the reports anew", answer=ReportState, status=202)
def refresh_reports(call: Call[Empty, Empty]) -> ReportState:
    """All reports of the organization together. Nothing happens while they are counted, or within a minute after.

    429 after 50 counts in a day; numbers older than an hour are still counted again when somebody looks at them.
    """

    from chalicelib.reporting.reports import service

    return service.refresh(_own(call), call.now)


@routes.add("POST", _ORG + "/courses/export", summary="Export the report by course", **_EXPORT)
def export_report_courses(call: Call[Empty, Period]) -> ExportOut:
    """A line per course, with the numbers that were counted last. Poll the export, then fetch its file."""
    return _export(call, _own(call), ReportKind.COURSES)


@routes.add("POST", _ORG + "/trainings/export", summary="Export the report by training", **_EXPORT)
def export_report_trainings(call: Call[Empty, Period]) -> ExportOut:
    """A line per training, with the numbers that were counted last. Poll the export, then fetch its file."""
    return _export(call, _own(call), ReportKind.TRAININGS)


@routes.add("POST", _ORG + "/sessions/export", summary="Export the report by session", **_EXPORT)
def export_report_sessions(call: Call[Empty, Period]) -> ExportOut:
    """A line per session, with the numbers that were counted last. Poll the export, then fetch its file."""
    return _export(call, _own(call), ReportKind.SESSIONS)


@routes.add("POST", _ORG + "/departments/export", summary="Export the report by department", **_EXPORT)
def export_report_departments(call: Call[Empty, Period]) -> ExportOut:
    """A line per department, with the numbers that were counted last. Poll the export, then fetch its file."""
    return _export(call, _own(call), ReportKind.DEPARTMENTS)


@routes.add(
    "GET", "/msp/reports/courses", summary="Report by course, over all clients", answer=CourseReport,
    query=CourseReportQuery, **_MSP,
)  # fmt: skip
def report_msp_courses(call: Call[Empty, CourseReportQuery]) -> CourseReport:
    """All clients together, each by the days of its own time zone."""
    return _page(call, _msp(call), ReportKind.COURSES, CourseReport)


@routes.add(
    "GET", "/msp/reports/clients", summary="Report by client", answer=ClientReport, query=ClientReportQuery, **_MSP
)
def report_clients(call: Call[Empty, ClientReportQuery]) -> ClientReport:
    """A line per client, by the days of its own time zone."""
    return _page(call, _msp(call), ReportKind.CLIENTS, ClientReport)


@routes.add(
    "POST", "/msp/reports/refresh", summary="Count the MSP's reports anew", answer=ReportState, status=202, **_MSP
)
def refresh_msp_reports(call: Call[Empty, Empty]) -> ReportState:
    """Over all clients. Nothing happens while they are counted, or within a minute after.

    429 after 50 counts in a day; numbers older than an hour are still counted again when somebody looks at them.
    """

    from chalicelib.reporting.reports import service

    return service.refresh(_msp(call), call.now)


@routes.add("POST", "/msp/reports/courses/export", summary="Export the MSP's report by course", **_EXPORT, **_MSP)
def export_msp_report_courses(call: Call[Empty, Period]) -> ExportOut:
    """A line per course, with the numbers that were counted last. Poll the export, then fetch its file."""
    return _export(call, _msp(call), ReportKind.COURSES)


@routes.add("POST", "/msp/reports/clients/export", summary="Export the report by client", **_EXPORT, **_MSP)
def export_report_clients(call: Call[Empty, Period]) -> ExportOut:
    """A line per client, with the numbers that were counted last. Poll the export, then fetch its file."""
    return _export(call, _msp(call), ReportKind.CLIENTS)


def _page(call: Call[Any, Any], scope: Scope, kind: ReportKind, answer: type[A]) -> A:
    from chalicelib.reporting.reports import service

    return service.page(scope, kind, answer, call.query, Pager.of(call), call.now)


def _export(call: Call[Any, Period], scope: Scope, kind: ReportKind) -> ExportOut:
    from chalicelib.reporting.exports import start_report

    return idempotent(call, ExportOut, lambda seed: start_report.start(scope, kind, call.query, seed, call.now))


def _own(call: Call[Any, Any]) -> Scope:
    return access.org_or_departments(call.account_id, call.params["org_id"], call.needs)


def _msp(call: Call[Any, Any]) -> Scope:
    return access.msp(call.account_id, call.needs, call.msp_id)
