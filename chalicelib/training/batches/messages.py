"""The messages of the jobs queue: ids only, the handler reads the rest."""

from typing import Literal

from chalicelib.jobs.job import Job


class AdvanceBatch(Job):
    """`due_at` is the due entry by which the sweep came to send it."""

    job: Literal["advance"] = "advance"
    msp_id: str
    org_id: str
    batch_id: str
    due_at: str | None = None


class EnrollChunk(Job):
    job: Literal["chunk"] = "chunk"
    msp_id: str
    org_id: str
    batch_id: str
    course_id: str
    cut_id: str
    run: int
    chunk: int
