"""The job that counts."""

from typing import Literal

from chalicelib.jobs.job import WalkJob


class CountReport(WalkJob):
    """Counts on from `position`: the number of the file that holds what was counted so far, none for nothing yet.

    `org_id` is the organization whose report it is; without it, it is the MSP's, over all its clients. `part` tells
    apart the reports of one organization: what a role that is limited to departments sees is a report of its own.
    """

    job: Literal["report"] = "report"
    msp_id: str
    org_id: str | None = None
    part: str
    count_id: str

    @property
    def due_id(self) -> str:
        return self.count_id
