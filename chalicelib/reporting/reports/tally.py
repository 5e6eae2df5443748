"""Numbers by line and day, added up from enrollments and participants. Pure: it reads nothing.

Each number stands on a day of its own, in the time zone of its organization: a completion on the day of completion,
what is due on its due date, a live training's on the day on which its session starts. So the numbers of any period are
sums of days.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.core.clock import to_date, to_instant
from chalicelib.reporting.reports.states import ReportKind
from chalicelib.training.batches.local_dates import due_instant, local_date
from chalicelib.training.batches.models import Enrollment
from chalicelib.training.batches.states import LIVE, EnrollmentStatus
from chalicelib.training.sessions.states import ParticipantStatus

COURSE_NUMBERS = ("num_enrolled", "num_started", "num_completed", "num_due", "num_due_completed", "num_overdue")
TRAINING_NUMBERS = ("num_sessions", *(f"num_{status}" for status in ParticipantStatus))

# What a day holds, in this order.
NUMBERS = (*COURSE_NUMBERS, *TRAINING_NUMBERS)
_PLACE = {name: place for place, name in enumerate(NUMBERS)}

# The one line that everything is added to.
EVERYTHING = "everything"

# A line of a tally: what it is about, and its id there. The people who are in no department have an empty one.
LineKey = tuple[str, str]
THE_WHOLE: LineKey = (EVERYTHING, "")

Day = list[int]


@dataclass
class Line:
    """`days` are by date, as text. `about` is what the line shows beside its numbers: titles, never people."""

    days: dict[str, Day] = field(default_factory=dict)
    num_members: int = 0
    about: dict[str, Any] = field(default_factory=dict)

    def add(self, day: str, number: str) -> None:
        numbers = self.days.get(day)
        if numbers is None:
            numbers = self.days[day] = [0] * len(NUMBERS)
        numbers[_PLACE[number]] += 1


@dataclass(frozen=True)
class LocalTime:
    """An organization's time zone, and the instant that its numbers are as of."""

    zone: ZoneInfo
    as_of: datetime
    _is_over: dict[str, bool] = field(default_factory=dict)

    def day(self, instant: str) -> str:
        return local_date(to_instant(instant), self.zone).isoformat()

    def is_over(self, due_by: str) -> bool:
        """Whether the midnight that ends the due date has passed."""
        if due_by not in self._is_over:
            self._is_over[due_by] = due_instant(to_date(due_by), self.zone) <= self.as_of
        return self._is_over[due_by]


class Tally:
    def __init__(self, lines: dict[str, dict[str, Line]] | None = None) -> None:
        self.lines_by_kind = {} if lines is None else lines

    def line(self, key: LineKey) -> Line:
        kind, line_id = key
        return self.lines_by_kind.setdefault(str(kind), {}).setdefault(line_id, Line())

    def lines(self, kind: str) -> dict[str, Line]:
        return self.lines_by_kind.get(str(kind), {})

    def add_enrollment(self, enrollment: Enrollment, local: LocalTime, keys: Iterable[LineKey]) -> None:
        """Nothing for one that does not count (`is_counted`)."""
        if not is_counted(enrollment):
            return
        found = [(local.day(enrollment.enrolled_at), "num_enrolled")]
        if enrollment.started_at:
            found.append((local.day(enrollment.started_at), "num_started"))
        if enrollment.completed_at:
            found.append((local.day(enrollment.completed_at), "num_completed"))
        if enrollment.due_by:
            found.append((enrollment.due_by, "num_due"))
            if enrollment.status == EnrollmentStatus.COMPLETED:
                found.append((enrollment.due_by, "num_due_completed"))
            elif enrollment.status in LIVE and local.is_over(enrollment.due_by):
                found.append((enrollment.due_by, "num_overdue"))
        for line in [self.line(key) for key in keys]:
            for day, number in found:
                line.add(day, number)

    def add_session(self, day: str, keys: Iterable[LineKey]) -> None:
        """`day` is the local one on which it starts."""
        for key in keys:
            self.line(key).add(day, "num_sessions")

    def add_participant(self, status: ParticipantStatus, day: str, keys: Iterable[LineKey]) -> None:
        for key in keys:
            self.line(key).add(day, f"num_{status}")

    def document(self) -> dict[str, Any]:
        """For JSON; `of_document` reads it."""
        return {
            kind: {line_id: [line.days, line.num_members, line.about] for line_id, line in lines.items()}
            for kind, lines in self.lines_by_kind.items()
        }

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> "Tally":
        return cls(
            {
                kind: {line_id: Line(*parts) for line_id, parts in lines.items()}
                for kind, lines in document.items()
            }
        )  # fmt: skip


def is_counted(enrollment: Enrollment) -> bool:
    """As its row counts it: neither cancelled nor withdrawn. What somebody took on their own no row counts.

    An organization that took such progress over did not invite anybody to it.
    """
    return (
        enrollment.batch_id is not None and enrollment.status != EnrollmentStatus.CANCELLED and not enrollment.left_at
    )


def sum_of(days: Mapping[str, Day], first: str | None, last: str | None) -> dict[str, int]:
    """The numbers of these days together, from the first to the last of the period, both included."""
    totals = [0] * len(NUMBERS)
    for day, numbers in days.items():
        if (first is None or day >= first) and (last is None or day <= last):
            totals = [one + more for one, more in zip(totals, numbers, strict=True)]
    return dict(zip(NUMBERS, totals, strict=True))


def course_key(course_id: str) -> LineKey:
    return ReportKind.COURSES, course_id


def department_key(department_id: str | None) -> LineKey:
    return ReportKind.DEPARTMENTS, department_id or ""


def client_key(org_id: str) -> LineKey:
    return ReportKind.CLIENTS, org_id
