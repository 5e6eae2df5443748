"""Jobs of launches and previews."""

from typing import Literal

from chalicelib.jobs.job import DueJob, Job


class FinishLaunch(DueJob):
    """Carries an interrupted launch to its end. `org_id` is the organization's that launched it inside itself."""

    job: Literal["launch"] = "launch"
    msp_id: str
    org_id: str | None = None
    rollout_id: str

    @property
    def due_id(self) -> str:
        return self.rollout_id


class PreviewJob(Job):
    """Counts from `position`, a member's id, on; `numbers` are of those before."""

    job: Literal["preview"] = "preview"
    msp_id: str
    plan_id: str
    org_id: str
    course_id: str
    position: str = ""
    numbers: dict[str, int] = {}
