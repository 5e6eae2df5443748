"""The public addresses of badges, and the DIDs that follow from them.

Every issuer has one of its own below the stage's address: a client, or the MSP for courses on one's own account.
"""

from urllib.parse import urlsplit

from chalicelib.core.settings import settings
from chalicelib.training.certificates.models import Certificate
from chalicelib.training.certificates.numbers import shown


def issuer_id_of(certificate: Certificate) -> str:
    return str(certificate.org_id or certificate.msp_id)


def did_of(issuer_id: str) -> str:
    """`did:web:<host>:<path>:badges:<issuer>`, which resolves to `<address>/badges/<issuer>/did.json`.

    A port's colon is written %3A, for colons stand for slashes (the did:web method).
    """
    address = urlsplit(settings().public_url)
    path = [part for part in address.path.split("/") if part]
    return ":".join(["did:web", address.netloc.replace(":", "%3A"), *path, "badges", issuer_id])


def list_url(issuer_id: str, list_number: int) -> str:
    return f"{settings().public_url}/badges/{issuer_id}/status/{list_number}"


def badge_url(certificate: Certificate) -> str:
    """Whoever has the number has the badge, as they have what is printed on the certificate."""
    return f"{settings().public_url}/certificates/{shown(certificate.number)}/badge"
