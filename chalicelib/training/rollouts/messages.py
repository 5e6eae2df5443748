"""TODO."""

from typing import Literal

from chalicelib.jobs.job import Job


class FinishLaunch(Job):
    job: Literal["launch"] = "launch"
    msp_id: str
    rollout_id: str
    due_at: str


class PreviewJob(Job):
    """Counts from `position`, a member's id, on; `numbers` are of those before."""

    job: Literal["preview"] = "preview"
    msp_id: str
    plan_id: str
    org_id: str
    course_id: str
    position: str = ""
    numbers: dict[str, int] = {}
