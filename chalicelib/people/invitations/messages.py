"""Messages of the jobs queue about invitations."""

from typing import Literal

from chalicelib.jobs.due import DueEntry
from chalicelib.jobs.job import Job


class SendWave(Job):
    """The mails of invitations that were to go out at `due_at`; before that, its schedule is made."""

    job: Literal["wave"] = "wave"
    msp_id: str
    org_id: str
    wave_id: str
    due_at: str


def wave_of(entry: DueEntry) -> SendWave:
    """What the sweep sends for a wave that should have gone out."""
    instant = entry.sk.split("#", 1)[0]
    return SendWave(msp_id=entry.msp_id, org_id=str(entry.org_id), wave_id=entry.target_id, due_at=instant)
