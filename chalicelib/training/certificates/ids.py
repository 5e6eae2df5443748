"""The ids by which the API names certificates."""

from chalicelib.core.errors import NotFound
from chalicelib.core.ids import is_ulid
from chalicelib.training.certificates.models import Certificate, holder_pk, own_pk

# Stands for the organization of a certificate on one's own account.
_OWN = "own"


class CertificateId:
    """`<org>.<member>.<id>`, or `own.<account>.<id>` for a course on one's own account."""

    def __init__(self, org_id: str | None, person: str, certificate_id: str) -> None:
        self.org_id, self.person, self.certificate_id = org_id, person, certificate_id

    @property
    def pk(self) -> str:
        return own_pk(self.person) if self.org_id is None else holder_pk(self.org_id, self.person)

    @classmethod
    def parse(cls, text: str) -> "CertificateId":
        """Raises NotFound when it is not such an id."""
        org_id, _, rest = text.partition(".")
        person, _, certificate_id = rest.partition(".")
        if not org_id or not person or not is_ulid(certificate_id):
            raise NotFound()
        return cls(None if org_id == _OWN else org_id, person, certificate_id)

    @classmethod
    def of(cls, certificate: Certificate) -> str:
        return f"{certificate.org_id or _OWN}.{cls.person_of(certificate)}.{certificate.certificate_id}"

    @staticmethod
    def person_of(certificate: Certificate) -> str:
        """The member, or the account of a course on one's own."""
        return certificate.member_id or certificate.pk.removeprefix(own_pk(""))
