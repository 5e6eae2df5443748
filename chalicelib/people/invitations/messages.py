"""Messages of the jobs queue about invitations."""

from typing import Literal

from chalicelib.jobs.job import DueJob


class SendScheduled(DueJob):
    """Makes the mails of invitations at `due_at`; sent earlier, it makes the schedule for that instant."""

    job: Literal["wave"] = "wave"
    msp_id: str
    org_id: str
    wave_id: str

    @property
    def due_id(self) -> str:
        return self.wave_id
