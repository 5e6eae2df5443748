"""Jobs of undo and of new due dates."""

from typing import Literal

from chalicelib.jobs.job import DueJob, Job


class StartChange(DueJob):
    """Undo, or a new due date for those who have not completed: counts the chunks and sends them."""

    job: Literal["change"] = "change"
    msp_id: str
    org_id: str
    batch_id: str
    change_id: str

    @property
    def due_id(self) -> str:
        return f"{self.batch_id}.{self.change_id}"


class ChangeChunk(Job):
    job: Literal["change_chunk"] = "change_chunk"
    msp_id: str
    org_id: str
    batch_id: str
    change_id: str
    course_id: str
    chunk: int
