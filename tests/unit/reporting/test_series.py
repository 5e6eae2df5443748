"""Series of reports, and their bars: days, weeks, months and years that nobody counts by hand."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.portal.plot import HEIGHT, WIDTH, plot
from chalicelib.reporting.reports.series import MAX_POINTS, next_start, points, start_of
from chalicelib.reporting.reports.states import SeriesStep
from chalicelib.reporting.reports.tally import NUMBERS, sum_of

_DAYS = st.dates(date(2000, 1, 1), date(2999, 12, 31))


def _numbers(first: int, second: int = 0) -> list[int]:
    return [first, second, *[0] * (len(NUMBERS) - 2)]


@given(st.dictionaries(_DAYS, st.integers(0, 9), max_size=8), st.none() | _DAYS, st.none() | _DAYS)
def test_points_add_up_to_the_period_whatever_the_step(
    days: dict[date, int], first: date | None, last: date | None
) -> None:
    by_text = {day.isoformat(): _numbers(number) for day, number in days.items()}
    step, found = points(by_text, first, last)
    sums = sum_of(by_text, first and first.isoformat(), last and last.isoformat())
    assert sum(point.numbers["num_enrolled"] for point in found) == sums["num_enrolled"]
    assert len(found) <= MAX_POINTS
    assert [point.starts_on for point in found] == sorted({start_of(point.starts_on, step) for point in found})


@given(_DAYS, st.sampled_from(SeriesStep))
def test_a_day_lies_between_its_start_and_the_next(day: date, step: SeriesStep) -> None:
    start = start_of(day, step)
    assert start <= day < next_start(start, step)
    assert start_of(next_start(start, step) - timedelta(days=1), step) == start
    assert start_of(start, step) == start


def test_the_step_is_the_shortest_with_a_hundred_points() -> None:
    def step_of(num_days: int) -> SeriesStep:
        first = date(2027, 1, 1)
        last = first + timedelta(days=num_days - 1)
        return points({"2027-01-01": _numbers(1)}, first, last)[0]

    assert [step_of(number) for number in (1, 100, 101, 700, 701, 2800, 2801)] == [
        SeriesStep.DAY, SeriesStep.DAY, SeriesStep.WEEK, SeriesStep.WEEK, SeriesStep.MONTH, SeriesStep.MONTH,
        SeriesStep.YEAR,
    ]  # fmt: skip


def test_nothing_makes_no_points_and_no_plot() -> None:
    assert points({}, None, None) == (SeriesStep.DAY, [])
    assert points({"2027-01-01": _numbers(0)}, None, None) == (SeriesStep.DAY, [])
    assert plot("x", ("a", "b"), SeriesStep.DAY, [(date(2027, 1, 1), (0, 0))]) is None


def test_bars_lie_within_the_plot_and_are_as_high_as_their_numbers() -> None:
    rows = [(date(2027, 1, 4), (3, 1)), (date(2027, 1, 6), (12, 0))]
    made = plot("x", ("Due", "Completed"), SeriesStep.DAY, rows)
    assert made is not None
    assert made.top == 20
    assert all(0 <= bar.x <= bar.x + bar.width <= WIDTH and 0 <= bar.y <= HEIGHT for bar in made.bars)
    assert [(bar.look, bar.height) for bar in made.bars] == [("hollow", 24), ("full", 8), ("hollow", 96), ("full", 0)]
    # The day between has its place.
    assert made.bars[2].x > 2 * WIDTH / 3


def test_dates_that_are_far_apart_are_a_table_and_no_bars() -> None:
    rows = [(date(2000, 1, 1), (1, 0)), (date(2900, 1, 1), (1, 0))]
    made = plot("x", ("a", "b"), SeriesStep.YEAR, rows)
    assert made is not None
    assert made.bars == []
    assert len(made.rows) == 2
