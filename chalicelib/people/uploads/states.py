"""How far an upload is, and what becomes of its rows after approval."""

from enum import StrEnum


class UploadStatus(StrEnum):
    """Nothing is sent before approval; `approved` is being worked on."""

    PREVIEW = "preview"
    APPROVED = "approved"
    DONE = "done"
    DISAPPROVED = "disapproved"


class RowOutcome(StrEnum):
    INVITED = "invited"
    FAILED = "failed"
