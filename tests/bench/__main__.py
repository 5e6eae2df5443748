"""`python -m tests.bench`: the figures on DynamoDB Local. Ends with 1 when one is not reached."""

import logging
import sys
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from infra.dynamodb_local import NotAvailableError
from tests.bench import (
    chart,
    cold_start,
    evidence,
    figures,
    full_size,
    invitations,
    key_load,
    live_trainings,
    live_trainings_full,
    mail_pace,
    pages,
    reports,
    searches,
    trail,
    wizards,
)
from tests.bench.figure import Figure
from tests.bench.scenario import scene

_ROOT = Path(__file__).parent.parent.parent
_HOME = _ROOT / ".muster"
_CHART = _ROOT / "docs" / "pictures" / "full-size.svg"
_WIDTHS = (80, 8, 10)
_LARGE = (1_000, 100_000)
# People with five courses each.
_LARGE_REPORTS = (1_000, 20_000)


def _rollouts() -> Iterator[Figure]:
    with scene(_HOME) as made:
        org_id = made.client(figures.NUM_LEARNERS)
        yield from figures.of_enrolling(made, org_id)
        yield from figures.of_enrolling_few(made)
        yield from figures.of_enrolling_with_seats(made)
        yield from figures.of_enrolling_with_mails(made, org_id)
        yield from figures.of_launching(made, org_id)
        yield from pages.of_pages(made)
        yield from figures.of_time(made, org_id)
        yield from figures.of_memory()


def _invitations() -> Iterator[Figure]:
    with scene(_HOME) as made:
        yield from invitations.of_invitations(made)


def _live_trainings() -> Iterator[Figure]:
    with scene(_HOME) as made:
        yield from live_trainings.of_live_trainings(made)


def _enrolled_in_trainings(*sizes: str) -> Iterator[Figure]:
    with scene(_HOME) as made:
        yield from live_trainings_full.of_sizes(made, *sizes)


def _searches() -> Iterator[Figure]:
    with scene(_HOME) as made:
        yield from searches.of_searches(made)
        yield from searches.of_explaining(made)


def _reports() -> Iterator[Figure]:
    with scene(_HOME) as made:
        yield from reports.of_reports(made)


def _wizards() -> Iterator[Figure]:
    with scene(_HOME) as made:
        yield from wizards.of_wizards(made)


def _trail() -> Iterator[Figure]:
    with scene(_HOME) as made:
        yield from trail.of_trail(made)


def _evidence() -> Iterator[Figure]:
    with scene(_HOME) as made:
        yield from evidence.of_packs(made)


def _large_client() -> Iterator[Figure]:
    """What grows with a client, for one of 100,000 people."""
    with scene(_HOME) as made:
        yield from searches.of_searches(made, _LARGE)
        yield from wizards.of_wizards(made, _LARGE)
        yield from reports.of_reports(made, _LARGE_REPORTS)


def _full_size() -> Iterator[Figure]:
    with scene(_HOME) as made:
        mails = key_load.record_mails(made)
        walks: list[full_size.Walk] = []
        yield from full_size.of_sizes(made, walks)
    busiest: dict[str, float] = {}
    yield from key_load.of_keys(walks[-1], mails, busiest)
    _CHART.write_text(chart.drawn(walks, busiest))


_GROUPS: dict[str, Callable[[], Iterator[Figure]]] = {
    "rollouts": _rollouts,
    "invitations": _invitations,
    "live-trainings": _live_trainings,
    "searches": _searches,
    "wizards": _wizards,
    "reports": _reports,
    "trail": _trail,
    "mail": mail_pace.of_mail,
    "cold-starts": lambda: cold_start.of_cold_starts(_HOME),
    "evidence": _evidence,
    "large-client": _large_client,
    "full-size": _full_size,
    "many-in-trainings": lambda: _enrolled_in_trainings("many trainings", "many people"),
    "most-in-trainings": lambda: _enrolled_in_trainings("most"),
}
# Each takes as long as all others together, or longer.
_ONLY_WHEN_NAMED = {"evidence", "full-size", "large-client", "many-in-trainings", "most-in-trainings"}


def _line(name: str, reach: str, reached: str) -> None:
    print(f"{name:{_WIDTHS[0]}} {reach:>{_WIDTHS[1]}} {reached:>{_WIDTHS[2]}}", flush=True)


def _number(value: float) -> str:
    return f"{value:.4g}" if value < 1000 else f"{value:,.0f}"


def main() -> int:
    """Print each figure as soon as it is known. Arguments choose groups of them."""
    names = sys.argv[1:] or [name for name in _GROUPS if name not in _ONLY_WHEN_NAMED]
    if unknown := set(names) - _GROUPS.keys():
        print(f"no such figures: {', '.join(sorted(unknown))}; there are {', '.join(_GROUPS)}", file=sys.stderr)
        return 2
    # Some figures are of calls that fail on purpose.
    logging.disable(logging.CRITICAL)
    _line("figure", "reach", "reached")
    num_missed = 0
    try:
        for figure in chain.from_iterable(_GROUPS[name]() for name in names):
            sign = ">=" if figure.is_least else "<="
            reach = "" if figure.reach is None else f"{sign} {_number(figure.reach)}"
            _line(figure.name, reach, _number(figure.value) + (" MISSED" if figure.is_missed else ""))
            num_missed += figure.is_missed
    except NotAvailableError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"\n{num_missed} missed" if num_missed else "\nall reached")
    return 1 if num_missed else 0


if __name__ == "__main__":
    sys.exit(main())
