"""Numbers over time: the days of a line as points, each of a day, a week, a month or a year. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from chalicelib.reporting.reports.states import SeriesStep
from chalicelib.reporting.reports.tally import NUMBERS, Day

# So that a page can draw them, and an answer stays small.
MAX_POINTS = 100

_DAYS = {SeriesStep.DAY: 1, SeriesStep.WEEK: 7, SeriesStep.MONTH: 28}


@dataclass(frozen=True)
class Point:
    """`starts_on` is the first day of what the point stands for."""

    starts_on: date
    numbers: Mapping[str, int]


def points(days: Mapping[str, Day], first: date | None, last: date | None) -> tuple[SeriesStep, list[Point]]:
    """The shortest step with which the period has no more than MAX_POINTS; days on which nothing was are left out.

    Without a first or last day the period is that of the numbers.
    """
    within = {
        day: numbers
        for day, numbers in sorted((date.fromisoformat(text), numbers) for text, numbers in days.items())
        if (first is None or day >= first) and (last is None or day <= last) and any(numbers)
    }
    if not within:
        return SeriesStep.DAY, []
    step = step_of(first or min(within), last or max(within))
    sums: dict[date, Day] = {}
    for day, numbers in within.items():
        start = start_of(day, step)
        sums[start] = [one + more for one, more in zip(sums.get(start, [0] * len(NUMBERS)), numbers, strict=True)]
    return step, [Point(start, dict(zip(NUMBERS, numbers, strict=True))) for start, numbers in sums.items()]


def step_of(first: date, last: date) -> SeriesStep:
    num_days = (last - first).days + 1
    return next((step for step, length in _DAYS.items() if num_days <= length * MAX_POINTS), SeriesStep.YEAR)


def start_of(day: date, step: SeriesStep) -> date:
    """The first day of the step that the day is in; weeks begin on Monday."""
    match step:
        case SeriesStep.DAY:
            return day
        case SeriesStep.WEEK:
            return day - timedelta(days=day.weekday())
        case SeriesStep.MONTH:
            return day.replace(day=1)
        case SeriesStep.YEAR:
            return day.replace(month=1, day=1)


def next_start(start: date, step: SeriesStep) -> date:
    """Where the next step begins."""
    match step:
        case SeriesStep.DAY:
            return start + timedelta(days=1)
        case SeriesStep.WEEK:
            return start + timedelta(days=7)
        case SeriesStep.MONTH:
            return start_of(start + timedelta(days=31), SeriesStep.MONTH)
        case SeriesStep.YEAR:
            return start.replace(year=start.year + 1)
