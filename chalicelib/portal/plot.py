"""Numbers over time as bars of an inline SVG, without a style or a script in the page. Pure.

A page shows a table with the same numbers beside each plot.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from chalicelib.reporting.reports.series import MAX_POINTS, next_start, start_of
from chalicelib.reporting.reports.states import SeriesStep

WIDTH, HEIGHT = 600, 160

# Dates of years that are far away are too many steps to draw: then the table has to do.
_MOST_BARS = 2 * MAX_POINTS


@dataclass(frozen=True)
class Bar:
    """In the units of the plot; `look` is a class of the style sheet."""

    x: float
    y: float
    width: float
    height: float
    look: str


@dataclass(frozen=True)
class Plot:
    """`names` are what is shown, by look; `top` is the number at the upper edge, `first` and `last` those of the sides.

    `rows` are the table: the start of each step that has anything, and its numbers in the order of the names.
    """

    title: str
    step: SeriesStep
    names: Sequence[tuple[str, str]]
    bars: Sequence[Bar]
    rows: Sequence[tuple[date, Sequence[int]]]
    top: int
    first: date
    last: date


_LOOKS = ("hollow", "full")


def plot(title: str, names: Sequence[str], step: SeriesStep, rows: Sequence[tuple[date, Sequence[int]]]) -> Plot | None:
    """Bars of two numbers, side by side. None when there is nothing to show."""
    rows = [(day, numbers) for day, numbers in rows if any(numbers)]
    if not rows:
        return None
    first, last = rows[0][0], rows[-1][0]
    starts = [start_of(first, step)]
    while starts[-1] < last and len(starts) <= _MOST_BARS:
        starts.append(next_start(starts[-1], step))
    top = _rounded_up(max(max(numbers) for _, numbers in rows))
    bars: list[Bar] = []
    if len(starts) <= _MOST_BARS:
        numbers_by_start = dict(rows)
        slot = WIDTH / len(starts)
        width = slot * 0.8 / len(names)
        for place, start in enumerate(starts):
            for index, number in enumerate(numbers_by_start.get(start, ())):
                height = HEIGHT * number / top
                x = slot * (place + 0.1) + index * width
                y = HEIGHT - height
                bars.append(Bar(round(x, 2), round(y, 2), round(width, 2), round(height, 2), _LOOKS[index]))
    pairs = list(zip(_LOOKS, names, strict=False))
    return Plot(title, step, pairs, bars, rows, top, first, last)


def _rounded_up(number: int) -> int:
    """To one that is easily read: 1, 2 or 5 with zeros behind."""
    unit = 1
    while True:
        for one in (unit, 2 * unit, 5 * unit):
            if number <= one:
                return one
        unit *= 10
