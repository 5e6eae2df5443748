"""The jobs of erasing."""

from typing import Literal

from chalicelib.jobs.job import DueJob, WalkJob


class EraseMember(WalkJob):
    """Erases what tells who a member of one organization is. `position` is the step, and how far it has come."""

    job: Literal["erase_member"] = "erase_member"
    msp_id: str
    org_id: str
    member_id: str
    erase_id: str

    @property
    def due_id(self) -> str:
        return f"{self.member_id}.{self.erase_id}"


class EraseAccount(DueJob):
    """Erases an account that no organization holds any more. `asked`: its owner wants it gone.

    Otherwise an account with courses of its own stays.
    """

    job: Literal["erase_account"] = "erase_account"
    account_id: str
    asked: bool = False

    @property
    def tenant_id(self) -> str:
        return self.account_id

    @property
    def due_id(self) -> str:
        return self.account_id
