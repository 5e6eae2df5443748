"""What the routes of uploads take and answer."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.core.lazy import BaseModel
from chalicelib.people.invitations.schemas import Notify
from chalicelib.people.uploads.limits import MAX_COLUMNS
from chalicelib.people.uploads.row_schemas import RowOut
from chalicelib.people.uploads.spreadsheet.meanings import Meaning, Reason, Source
from chalicelib.people.uploads.states import RowOutcome, UploadStatus
from chalicelib.web.schemas import Form


class Approval(Form):
    notify: Notify = "now"


class MappingForm(Form):
    """What is left out, or null, stays as it was read."""

    sheet: Annotated[str, StringConstraints(max_length=255)] | None = None
    encoding: Annotated[str, StringConstraints(max_length=40)] | None = None
    columns: dict[Annotated[str, StringConstraints(max_length=1000)], Meaning | None] = Field(
        {},
        max_length=MAX_COLUMNS,
        description="By heading, as the preview has it: what the column means, or null to leave it out.",
    )


class ImportOut(BaseModel):
    """`num_failed` rows are not invited; after approval, those too that could not be. `num_merged` rows are of people
    who have another row.
    """

    import_id: str
    status: UploadStatus
    num_rows: int
    num_corrected: int
    num_merged: int
    num_failed: int
    num_invited: int
    uploaded_by: str
    uploaded_at: str
    decided_by: str | None
    decided_at: str | None
    notify_at: str | None


class ImportPage(BaseModel):
    items: list[ImportOut]
    next_cursor: str | None


class ImportRowOut(RowOut):
    """`outcome` is there after approval."""

    outcome: RowOutcome | None = None
    member_id: str | None = None


class ColumnOut(BaseModel):
    """What a column was taken for. Without a meaning it is left out; `proposal` is what it may be."""

    heading: str
    meaning: Meaning | None
    reason: Reason
    sentence: str
    next_step: str
    proposal: Meaning | None


class FileRemarkOut(BaseModel):
    code: str
    sentence: str
    next_step: str


class SameFileOut(BaseModel):
    """The latest upload of the same file before this one."""

    import_id: str
    uploaded_at: str


class ReadingOut(BaseModel):
    """What was read of the file. `sheet` is null for a text file, `encoding` for a workbook. `other_sheets` list people
    too.
    """

    sheet: str | None
    other_sheets: list[str]
    encoding: str | None
    encoding_source: Source | None
    columns: list[ColumnOut]
    remarks: list[FileRemarkOut]
    same_file: SameFileOut | None


class ImportDetail(ImportOut, ReadingOut):
    """With what was read of the file, and every row with its verdict."""

    header: list[str]
    rows: list[ImportRowOut]


class TemplateQuery(Form):
    format: Literal["csv", "xlsx"] = "csv"
