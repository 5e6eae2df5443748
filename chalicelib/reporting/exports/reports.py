"""A report as a sheet: all of its lines, with as of when."""

from collections.abc import Iterator

from chalicelib.core.csv_files import Cell, Sheet
from chalicelib.core.errors import NotFound
from chalicelib.reporting.exports.schemas import Selection
from chalicelib.reporting.reports import kept, service
from chalicelib.reporting.reports.schemas import Period
from chalicelib.tenants.access.service import Scope


def sheet(scope: Scope, selection: Selection) -> Sheet:
    """Read 50 lines at a time. Raises NotFound when the numbers are gone."""
    if selection.report is None:
        raise NotFound()
    kind, numbers = selection.report, service.numbers_of(scope, selection.files_id)
    period = Period.model_validate({"from": selection.first_day, "to": selection.last_day})
    columns = service.columns(kind)

    def rows() -> Iterator[list[Cell]]:
        for number in range(-(-numbers.num_lines(kind) // kept.LINES_PER_FILE)):
            for line_id, line in numbers.lines(kind, number):
                if service.has_anything(line, period):
                    shown = service.line_out(kind, line_id, line, period)
                    yield [*(getattr(shown, name) for name in columns), numbers.whole.as_of]

    return Sheet([*columns, "as_of"], rows())
