"""What the pages of reports have in common: of an organization, and of an MSP."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.core.errors import Invalid, NotFound, TooMany
from chalicelib.core.ids import is_ulid
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.live import live
from chalicelib.portal.plot import Plot, plot
from chalicelib.portal.visit import Visit
from chalicelib.reporting.exports import service as exports
from chalicelib.reporting.exports import start_report
from chalicelib.reporting.exports.schemas import ExportOut
from chalicelib.reporting.exports.states import ExportStatus
from chalicelib.reporting.reports import schemas, service
from chalicelib.reporting.reports.states import ReportKind, ReportStatus
from chalicelib.tenants.access.service import Scope
from chalicelib.web.idempotency import idempotent


@dataclass(frozen=True)
class _Shape:
    """`columns` are headings with the fields of a line; `plots` are titles with two names and the fields."""

    name: str
    one: str
    answer: type[schemas.ReportState]
    query: type[schemas.ReportQuery]
    own_id: str
    columns: Sequence[tuple[str, str]]
    plots: Sequence[tuple[str, Sequence[tuple[str, str]]]]


_COURSES = (
    ("Enrolled", "num_enrolled"), ("Started", "num_started"), ("Completed", "num_completed"), ("Due", "num_due"),
    ("Completed of those due", "num_due_completed"), ("Overdue", "num_overdue"),
)  # fmt: skip
_PARTICIPANTS = (
    ("No answer yet", "num_invited"), ("Accepted", "num_confirmed"), ("Declined", "num_declined"),
    ("Waiting list", "num_waiting"), ("Attended", "num_attended"), ("Absent", "num_absent"),
    ("Cancelled", "num_cancelled"),
)  # fmt: skip
_OVER_TIME = (
    ("Enrolled and completed", (("Enrolled", "num_enrolled"), ("Completed", "num_completed"))),
    ("What was due", (("Due", "num_due"), ("Completed of those due", "num_due_completed"))),
)
_BY_SESSION = (("Attendance", (("Absent", "num_absent"), ("Attended", "num_attended"))),)

_SHAPES = {
    ReportKind.COURSES: _Shape(
        "Courses", "Course", schemas.CourseReport, schemas.CourseReportQuery, "course_id", _COURSES, _OVER_TIME
    ),
    ReportKind.TRAININGS: _Shape(
        "Trainings", "Training", schemas.TrainingReport, schemas.TrainingReportQuery, "training_id",
        (("Sessions", "num_sessions"), *_PARTICIPANTS), _BY_SESSION,
    ),
    ReportKind.SESSIONS: _Shape(
        "Sessions", "Session", schemas.SessionReport, schemas.ReportQuery, "session_id", _PARTICIPANTS, _BY_SESSION
    ),
    ReportKind.DEPARTMENTS: _Shape(
        "Departments", "Department", schemas.DepartmentReport, schemas.DepartmentReportQuery, "department_id",
        (
            ("People", "num_members"), *_COURSES[:3], _COURSES[5], ("Attended trainings", "num_attended"),
            ("Absent", "num_absent"),
        ),
        _OVER_TIME,
    ),
    ReportKind.CLIENTS: _Shape(
        "Clients", "Client", schemas.ClientReport, schemas.ClientReportQuery, "org_id",
        (("People", "num_members"), *_COURSES), _OVER_TIME,
    ),
}  # fmt: skip


def show(visit: Visit, scope: Scope, kinds: Sequence[ReportKind]) -> Shown:
    """The report that the address names: its kind, its period, and perhaps the one line that it is about."""
    kind = _kind(visit.query.one("kind"), kinds)
    shape, problem = _SHAPES[kind], None
    period = {"from": visit.query.one("from") or None, "to": visit.query.one("to") or None}
    one = visit.query.one("one") if shape.own_id in shape.query.model_fields else ""
    asked = {**period, **({shape.own_id: one} if one else {})}
    try:
        query = visit.read(shape.query, asked)
    except Invalid as error:
        query, problem = shape.query(), error
    report: Any = service.page(scope, kind, shape.answer, query, visit.pager(query), visit.now)
    export = _export(visit, scope)
    is_running = report.status == ReportStatus.COUNTING
    is_running = is_running or (export is not None and export.status == ExportStatus.RUNNING)
    facts = {
        "kinds": [(str(one), _SHAPES[one].name) for one in kinds],
        "kind": str(kind),
        "shape": shape,
        "report": report,
        "plots": _plots(report, shape),
        "here": {"kind": str(kind), **period, "one": one},
        "is_one": bool(one),
        "problem": problem,
        "export": export,
        "enough": visit.query.one("enough") == "yes",
        "most": service.REFRESHES,
        "live": live(visit, is_running),
        "is_first": not visit.query.one("cursor"),
    }
    return Shown("reports.html", facts, 200 if problem is None else problem.status)


def refresh(visit: Visit, scope: Scope, kinds: Sequence[ReportKind]) -> GoTo:
    try:
        service.refresh(scope, visit.now)
    except TooMany:
        return _back(visit, kinds, enough="yes")
    return _back(visit, kinds)


def export(visit: Visit, scope: Scope, kinds: Sequence[ReportKind]) -> GoTo:
    kind = _kind(visit.form.one("kind"), kinds)
    asked = {"from": visit.form.one("from") or None, "to": visit.form.one("to") or None}
    period = visit.read(schemas.Period, asked)
    begun = idempotent(visit.call(), ExportOut, lambda seed: start_report.start(scope, kind, period, seed, visit.now))
    return _back(visit, kinds, export=begun.export_id)


def _back(visit: Visit, kinds: Sequence[ReportKind], **more: str) -> GoTo:
    fields = {name: visit.form.one(name) for name in ("from", "to", "one")}
    path = visit.path.rpartition("/")[0]
    return GoTo(visit.address(path, kind=_kind(visit.form.one("kind"), kinds), **fields, **more))


def _kind(told: str, kinds: Sequence[ReportKind]) -> ReportKind:
    return ReportKind(told) if told in kinds else kinds[0]


def _export(visit: Visit, scope: Scope) -> ExportOut | None:
    export_id = visit.query.one("export")
    try:
        return exports.find(scope, export_id, visit.now) if is_ulid(export_id) else None
    except NotFound:
        return None


def _plots(report: Any, shape: _Shape) -> list[Plot]:
    made = []
    for title, numbers in shape.plots:
        rows = [(point.starts_on, [getattr(point, field) for _, field in numbers]) for point in report.series.points]
        made.append(plot(title, [name for name, _ in numbers], report.series.step, rows))
    return [one for one in made if one is not None]
