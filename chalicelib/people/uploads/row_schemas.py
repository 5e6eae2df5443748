"""What the preview of an upload answers for a row."""

from enum import StrEnum

from chalicelib.core.lazy import BaseModel


class Verdict(StrEnum):
    """`corrected` rows are invited like `ok` ones, with their corrections, when the upload is approved. A `merged` row
    is of the same person as a row before it, which has what both say.
    """

    OK = "ok"
    CORRECTED = "corrected"
    MERGED = "merged"
    FAILED = "failed"


class CorrectionOut(BaseModel):
    """`column` is its heading as written; `taken` is empty for what is left out."""

    column: str
    code: str
    given: str
    taken: str
    reason: str


class ProblemOut(BaseModel):
    """`column` is a heading as written, or that of the template where the file has no such column."""

    column: str
    code: str
    sentence: str
    next_step: str


class RemarkOut(BaseModel):
    """Something worth knowing that changes nothing. `column` is empty where it is about the whole row."""

    column: str
    code: str
    sentence: str


class ValuesOut(BaseModel):
    """What the person would be invited with; in a failed row, as far as it could be read."""

    email: str = ""
    first_name: str = ""
    last_name: str = ""
    group_ids: list[str] = []
    department_id: str | None = None
    location_id: str | None = None
    fields: dict[str, str] = {}


class RowOut(BaseModel):
    """`number` is the line as a spreadsheet numbers it."""

    number: int
    verdict: Verdict
    values: ValuesOut
    corrections: list[CorrectionOut]
    problems: list[ProblemOut]
    remarks: list[RemarkOut]
