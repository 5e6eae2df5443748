"""What is printed on a certificate, as words."""

from datetime import date
from typing import Any

from chalicelib.core.clock import to_date
from chalicelib.training.certificates.models import Certificate
from chalicelib.training.certificates.numbers import shown
from chalicelib.training.certificates.views import check_url


def facts_of(certificate: Certificate) -> dict[str, Any]:
    until = certificate.valid_until
    return {
        "heading": "Certificate of completion",
        "awarded_to": "Awarded to",
        "has_completed": "for completing",
        "holder": certificate.holder or "",
        "title": certificate.title,
        "organization": certificate.organization,
        "completed_on": f"Completed on {_written(to_date(certificate.completed_on))}",
        "valid_until": f"Counts until {_written(to_date(until))}" if until else None,
        "issued_at": certificate.issued_at,
        "number": shown(certificate.number),
        "number_is": "Number",
        "check_at": "Whether this certificate is genuine, and still counts:",
        "check_url": check_url(certificate),
        "qr_alt": f"QR code of {check_url(certificate)}",
    }


def _written(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"
