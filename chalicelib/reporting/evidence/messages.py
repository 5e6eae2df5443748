"""The job of evidence packs."""

from typing import Literal

from chalicelib.jobs.job import WalkJob


class CollectEvidence(WalkJob):
    """Collects one part of a pack, or makes the pack of its parts. `position` is the number of parts there are."""

    job: Literal["collect_evidence"] = "collect_evidence"
    msp_id: str
    org_id: str
    export_id: str

    @property
    def due_id(self) -> str:
        return self.export_id
