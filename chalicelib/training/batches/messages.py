"""Jobs of batches: ids only, the handler reads the rest."""

from typing import Literal

from chalicelib.jobs.job import DueJob, Job, WalkJob


class ReconcileBatch(DueJob):
    """Brings one batch to where it should be now. Schedules send it without `due_at`."""

    job: Literal["advance"] = "advance"
    msp_id: str
    org_id: str
    batch_id: str

    @property
    def due_id(self) -> str:
        return self.batch_id


class EnrollChunk(Job):
    """Enrolls one range of a row's recipients, in one run of the row."""

    job: Literal["chunk"] = "chunk"
    msp_id: str
    org_id: str
    batch_id: str
    course_id: str
    partition_id: str
    run: int
    chunk: int


class MailRow(WalkJob):
    """The mails of one event (mail_events.MailEvent), from a position in the row's learners on.

    `num_seen` are the learners of the row before it. `within` are the departments whose people alone get one. `first`
    is the request whose reminder this one completes: who got that gets no other.
    """

    job: Literal["mail_row"] = "mail_row"
    msp_id: str
    org_id: str
    batch_id: str
    course_id: str | None
    event: str
    detail: str
    num_seen: int = 0
    within: list[str] | None = None
    first: str | None = None

    @property
    def due_id(self) -> str:
        return ".".join([self.batch_id, self.course_id or "-", self.event, self.detail])
