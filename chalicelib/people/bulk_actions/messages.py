"""The job of actions on many people."""

from typing import Literal

from chalicelib.jobs.job import DueJob


class RunBulkAction(DueJob):
    """Counts, or acts, from where the action is, and sends itself for the rest."""

    job: Literal["bulk_action"] = "bulk_action"
    msp_id: str
    org_id: str
    action_id: str

    @property
    def due_id(self) -> str:
        return f"{self.org_id}.{self.action_id}"
