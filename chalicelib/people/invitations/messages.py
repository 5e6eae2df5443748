"""Messages of the jobs queue about invitations."""

from typing import Literal

from chalicelib.jobs.job import DueJob


class SendWave(DueJob):
    """The mails of invitations that were to go out at `due_at`; before that, its schedule is made."""

    job: Literal["wave"] = "wave"
    msp_id: str
    org_id: str
    wave_id: str

    @property
    def due_id(self) -> str:
        return self.wave_id
