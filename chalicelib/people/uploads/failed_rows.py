"""The rows of an upload that failed, as a file that can be uploaded again as it is (B5)."""

from collections.abc import Iterable, Sequence

from chalicelib.core.csv_files import Sheet, escape_formula
from chalicelib.people.uploads.row_schemas import ProblemOut
from chalicelib.people.uploads.spreadsheet.headings import NEXT_STEP_HEADING, PROBLEM_HEADING, is_own, is_secret

FailedRow = tuple[Sequence[str], Sequence[ProblemOut]]


def failed_csv(sheet_header: Sequence[str], rows_with_problems: Iterable[FailedRow]) -> bytes:
    """Original cells, and what to do about them, in two columns more that the next upload overlooks.

    A file of failed rows that fails again gets these two anew. Cells that a spreadsheet would run have an
    apostrophe here, which the reader takes off: it reads the very cells that were given.
    """
    kept = [index for index, heading in enumerate(sheet_header) if not is_own(heading) and not is_secret(heading)]
    headings = [escape_formula(sheet_header[index]) for index in kept]
    rows = (
        [
            *(cells[index] for index in kept),
            " ".join(problem.sentence for problem in problems),
            " ".join(dict.fromkeys(problem.next_step for problem in problems)),
        ]
        for cells, problems in rows_with_problems
    )
    return b"".join(Sheet([*headings, PROBLEM_HEADING, NEXT_STEP_HEADING], rows).pieces())
