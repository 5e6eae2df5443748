"""Certificates as their holders, their organizations and the public see them."""

from datetime import UTC, date, datetime, timedelta

from chalicelib.core.clock import to_date, to_instant
from chalicelib.core.settings import settings
from chalicelib.training.certificates.badges.addresses import badge_url
from chalicelib.training.certificates.ids import CertificateId
from chalicelib.training.certificates.models import Certificate
from chalicelib.training.certificates.numbers import shown
from chalicelib.training.certificates.schemas import CertificateOut, CheckedCertificate
from chalicelib.training.certificates.states import CertificateState

# Whoever looks at the badge of a certificate that expired sees that it did.
_WITH_BADGE = (CertificateState.VALID, CertificateState.EXPIRED)


def state_of(certificate: Certificate, now: datetime) -> CertificateState:
    """A certificate counts until the end of its last day, wherever that is."""
    if certificate.revoked_at:
        return CertificateState.REVOKED
    if certificate.replaced_by:
        return CertificateState.REPLACED
    is_over = certificate.valid_until is not None and to_date(certificate.valid_until) < _earliest_day(now)
    return CertificateState.EXPIRED if is_over else CertificateState.VALID


def _earliest_day(now: datetime) -> date:
    """The day that it is where days end last, twelve hours behind UTC."""
    return (now.astimezone(UTC) - timedelta(hours=12)).date()


def check_url(certificate: Certificate) -> str:
    return f"{settings().public_url}/certificates/{shown(certificate.number)}"


def certificate_out(certificate: Certificate, now: datetime) -> CertificateOut:
    return CertificateOut(
        certificate_id=CertificateId.of(certificate),
        number=shown(certificate.number),
        state=state_of(certificate, now),
        title=certificate.title,
        organization=certificate.organization,
        holder=certificate.holder,
        completed_on=to_date(certificate.completed_on),
        issued_on=to_instant(certificate.issued_at).date(),
        valid_until=to_date(certificate.valid_until) if certificate.valid_until else None,
        check_url=check_url(certificate),
    )


def checked(certificate: Certificate, now: datetime) -> CheckedCertificate:
    state = state_of(certificate, now)
    return CheckedCertificate(
        number=shown(certificate.number),
        state=state,
        title=certificate.title,
        organization=certificate.organization,
        holder=certificate.holder,
        completed_on=to_date(certificate.completed_on),
        valid_until=to_date(certificate.valid_until) if certificate.valid_until else None,
        badge_url=badge_url(certificate) if certificate.badge_at and state in _WITH_BADGE else None,
    )
