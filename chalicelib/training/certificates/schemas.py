"""What the routes of certificates take and answer."""

from datetime import date

from pydantic import Field

from chalicelib.core.lazy import BaseModel
from chalicelib.core.text import LineOrNothing
from chalicelib.training.certificates.states import CertificateState, FileCode, FileStatus
from chalicelib.web.paging import PageQuery
from chalicelib.web.schemas import Form


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


class OrgCertificate(CertificateOut):
    """As admins of the organization see it. `replaces` and `replaced_by` are numbers."""

    member_id: str
    course_id: str | None
    training_id: str | None
    revoked_at: str | None
    revoke_reason: str | None
    replaces: str | None
    replaced_by: str | None


class OrgCertificatePage(BaseModel):
    items: list[OrgCertificate]
    next_cursor: str | None


class OrgCertificatesQuery(PageQuery):
    member_id: str | None = Field(None, pattern=r"^[0-9A-Z]{26}$", description="Only those of this member.")
    state: CertificateState | None = Field(None, description="Only those in this state.")


class RevokeForm(Form):
    reason: LineOrNothing = Field("", description="For admins; the public page does not tell it.")


class CertificateFile(BaseModel):
    status: FileStatus
    url: str | None = Field(None, description="When ready: the PDF, for 15 minutes from this answer.")
    code: FileCode | None = None
    explanation: str | None = None


class ReissueQuery(Form):
    even_if_revoked: bool = Field(False, description="Issue it again although it was revoked: it counts again.")


class CheckedCertificate(BaseModel):
    """What anybody learns who has the number: what is printed on the certificate, and whether it counts."""

    number: str
    state: CertificateState
    title: str
    organization: str
    holder: str | None = Field(description="Null once the person was erased: it is genuine all the same.")
    completed_on: date
    valid_until: date | None
    badge_url: str | None = Field(description="The Open Badge, once the holder has asked for one.")
