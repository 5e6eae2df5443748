"""What the routes of uploads take and answer."""

from typing import Literal

from chalicelib.core.lazy import BaseModel
from chalicelib.people.invitations.schemas import Notify
from chalicelib.people.uploads.row_schemas import RowOut
from chalicelib.people.uploads.states import RowOutcome, UploadStatus
from chalicelib.web.schemas import Form


class Approval(Form):
    notify: Notify = "now"


class ImportOut(BaseModel):
    """`num_failed` rows are not invited; after approval, those too that could not be."""

    import_id: str
    status: UploadStatus
    num_rows: int
    num_corrected: int
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


class ImportDetail(ImportOut):
    """With every row and its verdict."""

    header: list[str]
    rows: list[ImportRowOut]


class TemplateQuery(Form):
    format: Literal["csv", "xlsx"] = "csv"
