"""The job of exports."""

from typing import Literal

from chalicelib.jobs.job import Job


class RunExport(Job):
    """Writes the list into its file. Without a due entry: the request that was not answered sends it again.

    `org_id` is the organization's whose own export it is.
    """

    job: Literal["export"] = "export"
    msp_id: str
    org_id: str | None = None
    # Of an account's own data: the account. It belongs to no MSP then.
    account_id: str | None = None
    export_id: str

    @property
    def tenant_id(self) -> str:
        return self.account_id or super().tenant_id
