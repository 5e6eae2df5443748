"""What the routes of certificates take and answer."""

from datetime import date

from pydantic import Field

from chalicelib.core.lazy import BaseModel
from chalicelib.training.certificates.states import CertificateState, FileCode, FileStatus


class CertificateOut(BaseModel):
    """`holder`, `title` and `organization` are the names as they were when it was issued."""

    certificate_id: str
    number: str
    state: CertificateState
    title: str
    organization: str
    holder: str | None = Field(description="Null once the person was erased.")
    completed_on: date
    issued_on: date = Field(description="In UTC.")
    valid_until: date | None = Field(description="The last day on which it counts.")
    check_url: str = Field(description="The public page that says whether it is genuine.")


class CertificatePage(BaseModel):
    items: list[CertificateOut]
    next_cursor: str | None


class CertificateFile(BaseModel):
    status: FileStatus
    url: str | None = Field(None, description="When ready: the PDF, for 15 minutes from this answer.")
    code: FileCode | None = None
    explanation: str | None = None


class CheckedCertificate(BaseModel):
    """What anybody learns who has the number: what is printed on the certificate, and whether it counts."""

    number: str
    state: CertificateState
    title: str
    organization: str
    holder: str | None = Field(description="Null once the person was erased: it is genuine all the same.")
    completed_on: date
    valid_until: date | None
