"""Jobs of searches."""

from typing import Literal

from chalicelib.jobs.job import WalkJob


class CountSearch(WalkJob):
    """Counts on from `position`, a member's id; `num_matching` is of those before."""

    job: Literal["search"] = "search"
    msp_id: str
    org_id: str
    search_id: str
    num_matching: int = 0

    @property
    def due_id(self) -> str:
        return f"{self.org_id}.{self.search_id}"
