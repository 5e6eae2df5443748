"""The job that anchors the audit trail."""

from typing import Literal

from chalicelib.jobs.job import Job


class AnchorAudit(Job):
    """Writes down where a tenant's chains end, where nobody can change it. `day` had entries; the sweep sends it."""

    job: Literal["anchor_audit"] = "anchor_audit"
    tenant_pk: str
    day: str

    @property
    def tenant_id(self) -> str:
        return self.tenant_pk
