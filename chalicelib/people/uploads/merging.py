"""The rows of one person, as exports of memberships have them: one for each group."""

from collections.abc import Sequence

from chalicelib.core.text import normalized
from chalicelib.people.uploads.limits import MAX_GROUPS
from chalicelib.people.uploads.row_schemas import ProblemOut, RemarkOut, RowOut, Verdict
from chalicelib.people.uploads.spreadsheet.refusals import explain

_ONE_VALUE = ("department_id", "location_id")


def merge_rows(rows: Sequence[RowOut], email_heading: str) -> None:
    """Merge the rows of one person into the first that did not fail. It gets the groups of all, and what it lacks.

    Rows with one address and different names are of two people: the later one fails.
    """
    first_by_email: dict[str, RowOut] = {}
    merged: dict[int, list[RowOut]] = {}
    for row in rows:
        if row.verdict == Verdict.FAILED:
            continue
        first = first_by_email.setdefault(normalized(row.values.email), row)
        if first is row:
            continue
        problem = _problem(first, row, email_heading)
        if problem is not None:
            row.problems.append(problem)
            row.verdict = Verdict.FAILED
            continue
        _merge(first, row)
        merged.setdefault(first.number, []).append(row)
    for first in first_by_email.values():
        if first.number in merged:
            numbers = ", ".join(str(row.number) for row in merged[first.number])
            first.remarks.append(_remark("several_rows", lines=numbers))


def _problem(first: RowOut, row: RowOut, email_heading: str) -> ProblemOut | None:
    explanation = None
    if any(_differ(getattr(first.values, name), getattr(row.values, name)) for name in ("first_name", "last_name")):
        code, explanation = "email_repeated", explain("email_repeated", line=first.number)
    elif len({*first.values.group_ids, *row.values.group_ids}) > MAX_GROUPS:
        code, explanation = "too_many_groups", explain("too_many_groups", limit=MAX_GROUPS)
    if explanation is None:
        return None
    return ProblemOut(column=email_heading, code=code, sentence=explanation.sentence, next_step=explanation.next_step)


def _differ(first: str, second: str) -> bool:
    return bool(first) and bool(second) and normalized(first) != normalized(second)


def _merge(first: RowOut, row: RowOut) -> None:
    mine, other = first.values, row.values
    mine.group_ids = list(dict.fromkeys((*mine.group_ids, *other.group_ids)))
    mine.first_name, mine.last_name = mine.first_name or other.first_name, mine.last_name or other.last_name
    differs = any(_differ(getattr(mine, name) or "", getattr(other, name) or "") for name in _ONE_VALUE)
    differs |= any(_differ(mine.fields.get(name, ""), text) for name, text in other.fields.items())
    for name in _ONE_VALUE:
        setattr(mine, name, getattr(mine, name) or getattr(other, name))
    mine.fields = {**other.fields, **mine.fields}
    row.verdict = Verdict.MERGED
    row.remarks.append(_remark("merged_but" if differs else "merged", line=first.number))


def _remark(code: str, **names: object) -> RemarkOut:
    return RemarkOut(column="", code=code, sentence=explain(code, **names).sentence)
