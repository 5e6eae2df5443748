"""Reports over HTTP: the numbers that were counted last, as of when, and a new count once they are old."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from chalicelib.core.clock import to_instant, to_text
from chalicelib.core.errors import Conflict, NotFound, TooMany
from chalicelib.core.explanations import explanations_in
from chalicelib.core.ids import new_id, short_hash
from chalicelib.core.lazy import BaseModel
from chalicelib.jobs import queue
from chalicelib.reporting.reports import kept, schemas, store
from chalicelib.reporting.reports.kept import Whole
from chalicelib.reporting.reports.messages import CountReport
from chalicelib.reporting.reports.models import ALL, Report
from chalicelib.reporting.reports.schemas import Period, ReportState
from chalicelib.reporting.reports.series import points
from chalicelib.reporting.reports.states import ReportKind, ReportStatus
from chalicelib.reporting.reports.tally import Day, Line, sum_of
from chalicelib.tenants.access.service import Scope
from chalicelib.web import rate_limits
from chalicelib.web.paging import Pager, invalid_cursor

A = TypeVar("A", bound=ReportState)

# Whoever looks at numbers that are older has them counted again.
FRESH_FOR = timedelta(hours=1)

# And who asks for it, at numbers that are older than this; so often for each report, whoever asks. A count reads
# everybody: docs/limits.md says what that comes to.
REFRESHED_AFTER = timedelta(minutes=1)
REFRESHES = 50
REFRESHES_PER = timedelta(hours=24)

# Files of 50 lines that one request reads: a filter that keeps few goes on in the next page.
_MAX_FILES = 10

_TEXTS = Path(__file__).with_name("explanations.toml")


# The field that says what a line is about, and the lines of each kind.
_OWN_ID = {
    ReportKind.COURSES: "course_id",
    ReportKind.TRAININGS: "training_id",
    ReportKind.SESSIONS: "session_id",
    ReportKind.DEPARTMENTS: "department_id",
    ReportKind.CLIENTS: "org_id",
}
_LINE: dict[ReportKind, type[BaseModel]] = {
    ReportKind.COURSES: schemas.CourseLine,
    ReportKind.TRAININGS: schemas.TrainingLine,
    ReportKind.SESSIONS: schemas.SessionLine,
    ReportKind.DEPARTMENTS: schemas.DepartmentLine,
    ReportKind.CLIENTS: schemas.ClientLine,
}


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
        return self.lines(kind, index // kept.LINES_PER_FILE)[index % kept.LINES_PER_FILE]


def page(scope: Scope, kind: ReportKind, answer: type[A], query: Period, pager: Pager, now: datetime) -> A:
    """A page of the latest numbers; what is old is counted anew in the background.

    A line without anything in the period is left out. A page may be short or empty and still not be the last. The
    pages of one report are of the same count.
    """
    part = _part(scope)
    report = store.report(scope.msp_id, scope.org_id, part)
    files_id, offset = _read(pager.position, part) or (_files_of(report, now), 0)
    numbers = _numbers(scope, files_id)
    if numbers is None and pager.position is not None:
        raise invalid_cursor()
    if _is_old(report, numbers, now):
        report = _counted_anew(scope, report, now)
    days: dict[str, Day] = {}
    items: list[Any] = []
    following = None
    wanted = getattr(query, _OWN_ID[kind], None)
    if numbers is not None and wanted is None:
        days = numbers.whole.days
        items, following = _lines(numbers, kind, query, offset, pager.limit)
    elif numbers is not None and (found := numbers.line(kind, str(wanted))):
        days, items = found[1].days, [line_out(kind, *found, query)]
    step, series = points(days, query.from_, query.to)
    return answer.model_validate(
        {
            **_state(report, numbers),
            "totals": _sums(days, query),
            "series": {"step": step, "points": [{"starts_on": one.starts_on, **one.numbers} for one in series]},
            "items": items,
            "next_cursor": pager.cursor(None if following is None else f"{part} {files_id} {following}"),
        }
    )


def refresh(scope: Scope, now: datetime) -> ReportState:
    """Count anew, unless somebody counts already, or the numbers are not a minute old.

    Raises TooMany after many counts in a day. Those of who looks at old numbers are not among them, and go on.
    """
    report = store.report(scope.msp_id, scope.org_id, _part(scope))
    as_of = _as_of(report, now)
    if not _is_counting(report, now) and (as_of is None or to_instant(as_of) + REFRESHED_AFTER <= now):
        _take_one(scope, now)
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
    about = {"title": "" if line_id else None, **line.about, _OWN_ID[kind]: line_id or None}
    facts = {**_sums(line.days, query), **about, "num_members": line.num_members}
    return _LINE[kind](**{name: facts[name] for name in _LINE[kind].model_fields})


def has_anything(line: Line, query: Period) -> bool:
    """Without a period, what has no numbers at all is a line as well."""
    return (query.from_ is None and query.to is None) or any(_sums(line.days, query).values())


def columns(kind: ReportKind) -> list[str]:
    """The fields of a line, what it is about first."""
    fields = list(_LINE[kind].model_fields)
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
        number, first = divmod(offset, kept.LINES_PER_FILE)
        num_files += 1
        for line_id, line in numbers.lines(kind, number)[first:]:
            offset += 1
            if has_anything(line, query):
                items.append(line_out(kind, line_id, line, query))
            if len(items) == limit:
                break
    return items, offset if offset < total else None


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
    """Also when there are none. Not again within the hour after a count that failed: who asks for it gets it.

    `numbers` may be those of an earlier page: it is the latest that count.
    """
    known = (_as_of(report, now) if numbers else None, report.failed_at if report else None)
    return all(to_instant(one) + FRESH_FOR <= now for one in known if one)


def _is_counting(report: Report | None, now: datetime) -> bool:
    since = report.counting_since if report is not None else None
    return since is not None and to_instant(since) + store.STUCK_AFTER > now


def _take_one(scope: Scope, now: datetime) -> None:
    owner = f"{scope.tenant_pk}\0{_part(scope)}"
    try:
        rate_limits.take("report_count", owner, REFRESHES, REFRESHES_PER, now)
    except TooMany as error:
        often = f"You can have these reports counted again {REFRESHES} times a day."
        then = "Numbers older than an hour are still updated when you open the page."
        raise TooMany("too_many_counts", f"{often} {then}", error.retry_after or 1) from None


def _counted_anew(scope: Scope, report: Report | None, now: datetime) -> Report | None:
    """Begin a count, unless somebody counts; gives the report as it is then."""
    if _is_counting(report, now):
        return report
    part = _part(scope)
    job = CountReport(
        msp_id=scope.msp_id, org_id=scope.org_id, part=part, count_id=new_id(now), due_at=to_text(now)
    )  # fmt: skip
    limits = None if scope.department_ids is None else sorted(scope.department_ids)
    if store.begin(job, limits, now):
        queue.send_soon(job)
    return store.report(scope.msp_id, scope.org_id, part)


def _read(position: str | None, part: str) -> tuple[str, int] | None:
    """What the cursor of an earlier page says: which numbers, and the line to go on from.

    Those of a report that is the caller's now: an admin who is limited to departments since then goes on with no other.
    """
    if position is None:
        return None
    of, _, rest = position.partition(" ")
    files_id, _, offset = rest.partition(" ")
    if of != part or not files_id or not offset.isdecimal():
        raise invalid_cursor()
    return files_id, int(offset)
