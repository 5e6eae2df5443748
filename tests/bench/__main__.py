"""`python -m tests.bench`: the figures on DynamoDB Local. Ends with 1 when one is not reached."""

import sys
from collections.abc import Iterator
from pathlib import Path

from infra.dynamodb_local import NotAvailableError
from tests.bench import cold_start, figures, invitations, mail_pace, pages
from tests.bench.figure import Figure
from tests.bench.scenario import scene

_HOME = Path(__file__).parent.parent.parent / ".muster"
_WIDTHS = (80, 8, 10)


def _measured() -> Iterator[Figure]:
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
    with scene(_HOME) as made:
        yield from invitations.of_invitations(made)
    yield from mail_pace.of_mail()
    yield from cold_start.of_cold_starts(_HOME)


def _line(name: str, reach: str, reached: str) -> None:
    print(f"{name:{_WIDTHS[0]}} {reach:>{_WIDTHS[1]}} {reached:>{_WIDTHS[2]}}", flush=True)


def _number(value: float) -> str:
    return f"{value:.4g}" if value < 1000 else f"{value:,.0f}"


def main() -> int:
    """Print each figure as soon as it is known."""
    _line("figure", "reach", "reached")
    num_missed = 0
    try:
        for figure in _measured():
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
