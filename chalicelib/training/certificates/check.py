"""Whether a certificate is genuine, for anybody who has its number."""

from datetime import datetime

from chalicelib.core.errors import NotFound
from chalicelib.training.certificates import store
from chalicelib.training.certificates.numbers import understood
from chalicelib.training.certificates.schemas import CheckedCertificate
from chalicelib.training.certificates.views import checked


def check(text: str, now: datetime) -> CheckedCertificate | None:
    """None when there is no such certificate. A number with a slip is refused without asking the table."""
    number = understood(text)
    certificate = store.by_number(number) if number else None
    return checked(certificate, now) if certificate else None


def checked_or_refused(text: str, now: datetime) -> CheckedCertificate:
    """Raises NotFound."""
    found = check(text, now)
    if found is None:
        raise NotFound("There is no certificate with this number")
    return found
