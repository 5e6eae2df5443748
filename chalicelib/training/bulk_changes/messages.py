"""Jobs of undo and of new due dates."""

from datetime import datetime
from typing import Literal

from chalicelib.jobs.job import DueJob, Job
from chalicelib.jobs.sweep import after_all_runs
from chalicelib.training.batches.store import BatchKey


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


def start_change(key: BatchKey, change_id: str, now: datetime) -> StartChange:
    """The sweep sends it again once no worker can be left on rows that were cancelled now."""
    return StartChange(
        msp_id=key.msp_id, org_id=key.org_id, batch_id=key.batch_id, change_id=change_id, due_at=after_all_runs(now)
    )
