"""The jobs of badges."""

from typing import Literal

from chalicelib.jobs.job import DueJob


class MakeBadge(DueJob):
    """Signs it. `person` is the member, or the account of a course on one's own."""

    job: Literal["make_badge"] = "make_badge"
    msp_id: str
    org_id: str | None = None
    person: str
    certificate_id: str

    @property
    def due_id(self) -> str:
        return f"{self.person}#{self.certificate_id}"


class RevokeBadge(DueJob):
    """Sets the badge's bit in the status list that is published."""

    job: Literal["revoke_badge"] = "revoke_badge"
    msp_id: str
    org_id: str | None = None
    list_number: int
    index: int

    @property
    def issuer_id(self) -> str:
        return self.org_id or self.msp_id

    @property
    def due_id(self) -> str:
        return f"{self.issuer_id}#{self.list_number}#{self.index}"
