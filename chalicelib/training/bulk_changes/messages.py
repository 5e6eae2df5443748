"""TODO."""

from typing import Literal

from chalicelib.jobs.job import Job


class StartChange(Job):
    """Undo, or a new due date for those who have not completed: counts the chunks and sends them."""

    job: Literal["change"] = "change"
    msp_id: str
    org_id: str
    batch_id: str
    change_id: str
    due_at: str


class ChangeChunk(Job):
    job: Literal["change_chunk"] = "change_chunk"
    msp_id: str
    org_id: str
    batch_id: str
    change_id: str
    course_id: str
    chunk: int
