"""Reports over HTTP: the numbers that were counted last, as of when, and a new count once they are old."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from chalicelib.core.clock import to_instant, to_text
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.explanations import explanations_in
from chalicelib.core.ids import new_id, short_hash
from chalicelib.jobs import queue
from chalicelib.reporting.reports import kept, schemas, store
from chalicelib.reporting.reports.kept import LINES_PER_FILE, Whole
from chalicelib.reporting.reports.messages import CountReport
from chalicelib.reporting.reports.models import ALL, Report
from chalicelib.reporting.reports.schemas import Period, ReportState
from chalicelib.reporting.reports.series import points
from chalicelib.reporting.reports.states import ReportKind, ReportStatus
from chalicelib.reporting.reports.tally import Day, Line, sum_of
from chalicelib.tenants.access.service import Scope
from chalicelib.web.paging import Pager, invalid_cursor

# Whoever looks at numbers that are older has them counted again.
FRESH_FOR = timedelta(hours=1)

# And who asks for it, at numbers that are older than this.
REFRESHED_AFTER = timedelta(minutes=1)

# Files of 50 lines that one request reads: a filter that keeps few goes on in the next page.
_MAX_FILES = 10

_TEXTS = Path(__file__).with_name("explanations.toml")


@dataclass(frozen=True)
class _Shape:
    """What the answer of a kind is made of. `own_id` is the field that says what a line is about."""

    answer: type[Any]
    line: type[Any]
    totals: type[Any]
    series: type[Any]
    point: type[Any]
    own_id: str


_SHAPES = {
    ReportKind.COURSES: _Shape(
        schemas.CourseReport, schemas.CourseLine, schemas.CourseNumbers, schemas.CourseSeries, schemas.CoursePoint,
        "course_id",
    ),
    ReportKind.TRAININGS: _Shape(
        schemas.TrainingReport, schemas.TrainingLine, schemas.TrainingNumbers, schemas.TrainingSeries,
        schemas.TrainingPoint, "training_id",
    ),
    ReportKind.SESSIONS: _Shape(
        schemas.SessionReport, schemas.SessionLine, schemas.TrainingNumbers, schemas.TrainingSeries,
        schemas.TrainingPoint, "session_id",
    ),
    ReportKind.DEPARTMENTS: _Shape(
        schemas.DepartmentReport, schemas.DepartmentLine, schemas.DepartmentNumbers, schemas.DepartmentSeries,
        schemas.DepartmentPoint, "department_id",
    ),
    ReportKind.CLIENTS: _Shape(
        schemas.ClientReport, schemas.ClientLine, schemas.CourseNumbers, schemas.CourseSeries, schemas.CoursePoint,
        "org_id",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Numbers:
    """One count's numbers, whatever is counted meanwhile."""

    msp_id: str
    org_id: str | None
    files_id: str
    whole: Whole

    def lines(self, kind: ReportKind, number: int) -> Sequence[tuple[str, Line]]:
        return kept.lines(self.msp_id, self.org_id, self.files_id, kind, number)

    def num_lines(self, kind: ReportKind) -> int:
        return self.whole.num_lines.get(kind, 0)

    def line(self, kind: ReportKind, line_id: str) -> tuple[str, Line] | None:
        index = kept.index_of(self.msp_id, self.org_id, self.files_id, kind, line_id)
        if index is None:
            return None
        return self.lines(kind, index // LINES_PER_FILE)[index % LINES_PER_FILE]


def page(scope: Scope, kind: ReportKind, query: Period, pager: Pager, now: datetime) -> Any:
    """A page of the latest numbers; what is old is counted anew in the background.

    A line without anything in the period is left out. A page may be short or empty and still not be the last. The
    pages of one report are of the same count.
    """
    report = store.report(scope.msp_id, scope.org_id, _part(scope))
    files_id, offset = _read(pager.position)
    numbers = _numbers(scope, files_id or _files_of(report, now))
    if numbers is None and files_id:
        raise invalid_cursor()
    if _is_old(report, numbers, now):
        report = _counted_anew(scope, report, now)
    shape, wanted = _SHAPES[kind], getattr(query, _SHAPES[kind].own_id, None)
    if numbers is None:
        return _answer(shape, _state(report, None), {}, query, [], None)
    if wanted is not None:
        one = numbers.line(kind, wanted)
        if one is None:
            return _answer(shape, _state(report, numbers), {}, query, [], None)
        return _answer(shape, _state(report, numbers), one[1].days, query, [line_out(kind, *one, query)], None)
    items, following = _lines(numbers, kind, query, offset, pager.limit)
    position = None if following is None else f"{numbers.files_id} {following}"
    return _answer(shape, _state(report, numbers), numbers.whole.days, query, items, pager.cursor(position))


def refresh(scope: Scope, now: datetime) -> ReportState:
    """Count anew, unless somebody counts already, or the numbers are not a minute old."""
    report = store.report(scope.msp_id, scope.org_id, _part(scope))
    as_of = _as_of(report, now)
    if as_of is None or to_instant(as_of) + REFRESHED_AFTER <= now:
        report = _counted_anew(scope, report, now)
    return ReportState(**_state(report, None) | {"as_of": as_of})


def latest(scope: Scope, now: datetime) -> str:
    """The name of the latest numbers' files, for an export. Raises Conflict while there are none."""
    report = store.report(scope.msp_id, scope.org_id, _part(scope))
    files_id = _files_of(report, now)
    if files_id is None:
        _counted_anew(scope, report, now)
        raise Conflict("report_counting", "The numbers are being counted for the first time. Try again in a minute.")
    return files_id


def numbers_of(scope: Scope, files_id: str) -> Numbers:
    """Raises NotFound when the files are gone."""
    numbers = _numbers(scope, files_id)
    if numbers is None:
        raise NotFound()
    return numbers


def line_out(kind: ReportKind, line_id: str, line: Line, query: Period) -> Any:
    shape = _SHAPES[kind]
    facts: dict[str, Any] = {**_sums(line.days, query), **line.about, "num_members": line.num_members}
    facts[shape.own_id] = line_id or None
    facts.setdefault("title", None if not line_id else "")
    return shape.line(**{name: facts[name] for name in shape.line.model_fields})


def has_anything(line: Line, query: Period) -> bool:
    """Without a period, what has no numbers at all is a line as well."""
    return (query.from_ is None and query.to is None) or any(_sums(line.days, query).values())


def columns(kind: ReportKind) -> list[str]:
    """The fields of a line, what it is about first."""
    fields = list(_SHAPES[kind].line.model_fields)
    about = [name for name in fields if not name.startswith("num_")]
    return [*about, *(name for name in fields if name not in about)]


# ---------------------------------------------------------------- parts of an answer


def _lines(
    numbers: Numbers, kind: ReportKind, query: Period, offset: int, limit: int
) -> tuple[list[Any], int | None]:  # fmt: skip
    """Lines from this one on, and the one to go on from."""
    items: list[Any] = []
    total, num_files = numbers.num_lines(kind), 0
    while offset < total and len(items) < limit and num_files < _MAX_FILES:
        number, first = divmod(offset, LINES_PER_FILE)
        num_files += 1
        for line_id, line in numbers.lines(kind, number)[first:]:
            offset += 1
            if has_anything(line, query):
                items.append(line_out(kind, line_id, line, query))
            if len(items) == limit:
                break
    return items, offset if offset < total else None


def _answer(
    shape: _Shape, state: dict[str, Any], days: dict[str, Day], query: Period, items: Sequence[Any], cursor: str | None
) -> Any:
    step, found = points(days, query.from_, query.to)
    sums = _sums(days, query)
    return shape.answer(
        **state,
        totals=shape.totals(**_only(shape.totals, sums)),
        series=shape.series(
            step=step,
            points=[shape.point(starts_on=one.starts_on, **_only(shape.totals, one.numbers)) for one in found],
        ),
        items=items,
        next_cursor=cursor,
    )


def _only(numbers: type[Any], sums: Any) -> dict[str, int]:
    return {name: sums[name] for name in numbers.model_fields}


def _sums(days: dict[str, Day], query: Period) -> dict[str, int]:
    return sum_of(
        days,
        query.from_.isoformat() if query.from_ else None,
        query.to.isoformat() if query.to else None,
    )


def _state(report: Report | None, numbers: Numbers | None) -> dict[str, Any]:
    is_counting = report is not None and report.count_id is not None
    code = report.code if report is not None and not is_counting else None
    status = ReportStatus.COUNTING if is_counting else ReportStatus.FAILED if code else ReportStatus.READY
    return {
        "status": status,
        "as_of": numbers.whole.as_of if numbers is not None else None,
        "counting_since": report.counting_since if report is not None else None,
        "code": code,
        "explanation": explanations_in(_TEXTS)[code].text if code else None,
    }


# ---------------------------------------------------------------- which numbers, and when they are old


def _part(scope: Scope) -> str:
    """What a role that is limited to departments sees is a report of its own."""
    return ALL if scope.department_ids is None else short_hash(*sorted(scope.department_ids))


def _as_of(report: Report | None, now: datetime) -> str | None:
    """None for no numbers, and for those whose files are about to go: TTL deletes late."""
    if report is None or report.as_of is None or to_instant(report.as_of) + store.LIFETIME <= now:
        return None
    return str(report.as_of)


def _files_of(report: Report | None, now: datetime) -> str | None:
    return report.files_id if report is not None and _as_of(report, now) else None


def _numbers(scope: Scope, files_id: str | None) -> Numbers | None:
    found = kept.whole(scope.msp_id, scope.org_id, files_id) if files_id else None
    return Numbers(scope.msp_id, scope.org_id, str(files_id), found) if found else None


def _is_old(report: Report | None, numbers: Numbers | None, now: datetime) -> bool:
    """Also when there are none. Not again within the hour after a count that failed: who asks for it gets it."""
    known = (numbers.whole.as_of if numbers else None, report.failed_at if report else None)
    return all(to_instant(one) + FRESH_FOR <= now for one in known if one)


def _counted_anew(scope: Scope, report: Report | None, now: datetime) -> Report | None:
    """Begin a count, unless somebody counts; gives the report as it is then."""
    if report is not None and report.counting_since is not None:
        if to_instant(report.counting_since) + store.STUCK_AFTER > now:
            return report
    part = _part(scope)
    job = CountReport(
        msp_id=scope.msp_id, org_id=scope.org_id, part=part, count_id=new_id(now), due_at=to_text(now)
    )  # fmt: skip
    limits = None if scope.department_ids is None else sorted(scope.department_ids)
    if store.begin(job, limits, now):
        queue.send_soon(job)
    return store.report(scope.msp_id, scope.org_id, part)


def _read(position: str | None) -> tuple[str | None, int]:
    """What the cursor of an earlier page says."""
    if position is None:
        return None, 0
    files_id, _, offset = position.partition(" ")
    if not files_id or not offset.isdecimal():
        raise invalid_cursor()
    return files_id, int(offset)
