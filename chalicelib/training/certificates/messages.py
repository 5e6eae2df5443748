"""The job of certificates."""

from typing import Literal

from chalicelib.jobs.job import DueJob


class MakeCertificate(DueJob):
    """Makes the file. `person` is the member, or the account of a course on one's own."""

    job: Literal["make_certificate"] = "make_certificate"
    msp_id: str
    org_id: str | None = None
    person: str
    certificate_id: str

    @property
    def due_id(self) -> str:
        return f"{self.person}#{self.certificate_id}"
