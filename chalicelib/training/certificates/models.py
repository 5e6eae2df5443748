"""Items of certificates."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.aws.items import CoreItem, EnrollmentItem
from chalicelib.aws.table import Ref
from chalicelib.tenants.access.models import account_pk, org_pk


class Certificate(EnrollmentItem):
    """`ORG#o#MEMBER#m` / `CERTIFICATE#<id>`, beside the member's enrollments; `ACCOUNT#a` for a course on one's own.

    `holder`, `title` and `organization` are the names as they were. `about` is the course or the live training, as
    `course/<id>` or `training/<id>`. `revision` guards every change.
    """

    PERSONAL = frozenset({"holder", "revoke_reason"})

    certificate_id = UnicodeAttribute()
    number = UnicodeAttribute()
    msp_id = UnicodeAttribute()
    org_id = UnicodeAttribute(null=True)
    member_id = UnicodeAttribute(null=True)
    about = UnicodeAttribute()
    # Absent once the person was erased.
    holder = UnicodeAttribute(null=True)
    title = UnicodeAttribute()
    organization = UnicodeAttribute()
    completed_on = UnicodeAttribute()
    issued_at = UnicodeAttribute()
    # The last day on which it counts.
    valid_until = UnicodeAttribute(null=True)
    revoked_at = UnicodeAttribute(null=True)
    # For admins only.
    revoke_reason = UnicodeAttribute(null=True)
    # The number of the certificate that was issued in place of this one, and of the one that this was issued for.
    replaced_by = UnicodeAttribute(null=True)
    replaces = UnicodeAttribute(null=True)
    erased_at = UnicodeAttribute(null=True)
    # When the file was made, and last asked for; why it could not be made.
    pdf_at = UnicodeAttribute(null=True)
    pdf_asked_at = UnicodeAttribute(null=True)
    pdf_code = UnicodeAttribute(null=True)
    # When the badge was signed, and asked for; its place in a status list, taken before, and its for good.
    badge_at = UnicodeAttribute(null=True)
    badge_asked_at = UnicodeAttribute(null=True)
    badge_list = NumberAttribute(null=True)
    badge_index = NumberAttribute(null=True)
    revision = NumberAttribute(default=0)


CERTIFICATES_PREFIX = "CERTIFICATE#"


def holder_pk(org_id: str, member_id: str) -> str:
    return f"{org_pk(org_id)}#MEMBER#{member_id}"


def own_pk(account_id: str) -> str:
    return account_pk(account_id)


def certificate_sk(certificate_id: str) -> str:
    return f"{CERTIFICATES_PREFIX}{certificate_id}"


def certificate_ref(pk: str, certificate_id: str) -> Ref[Certificate]:
    return Ref(Certificate, pk, certificate_sk(certificate_id))


def file_key(certificate: Certificate) -> str:
    """The key of the file in the bucket, whose lifecycle deletes what is under `certificates/` after 30 days."""
    return f"certificates/{certificate.msp_id}/{certificate.org_id or 'own'}/{certificate.certificate_id}.pdf"


class CertificateNumber(CoreItem):
    """`CERTIFICATE#<number>` / `NUMBER`: the certificate that has it, by its key."""

    holder = UnicodeAttribute()
    certificate_id = UnicodeAttribute()


NUMBER_SK = "NUMBER"


def number_pk(number: str) -> str:
    return f"CERTIFICATE#{number}"


class IssuedCertificate(CoreItem):
    """`ORG#o#CERTIFICATES` / `CERTIFICATE#<id>`: in the list of those that the organization issued."""

    member_id = UnicodeAttribute()
    certificate_id = UnicodeAttribute()


def issued_pk(org_id: str) -> str:
    return f"{org_pk(org_id)}#CERTIFICATES"
