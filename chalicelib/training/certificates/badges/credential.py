"""What a badge says, as an OpenBadgeCredential (Open Badges 3.0)."""

import hashlib
import uuid
from datetime import UTC, datetime, time, timedelta
from typing import Any

from chalicelib.core.clock import to_date, to_text
from chalicelib.training.certificates.badges.addresses import did_of, issuer_id_of, list_url
from chalicelib.training.certificates.models import Certificate
from chalicelib.training.certificates.views import check_url

CREDENTIALS = "https://www.w3.org/ns/credentials/v2"
_OPEN_BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
_SCHEMA = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"


def credential_of(certificate: Certificate, email: str | None, salt: str) -> dict[str, Any]:
    """Of a certificate that has its place in a status list. Whose it is, it says in salted hashes only.

    Who is shown a badge hashes the name or address of whoever shows it, and compares. Without `email`, the name alone.
    """
    issuer_id = issuer_id_of(certificate)
    until = {"validUntil": _end_of(certificate.valid_until)} if certificate.valid_until else {}
    return {
        "@context": [CREDENTIALS, _OPEN_BADGES],
        "id": check_url(certificate),
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": certificate.title,
        "issuer": {"id": did_of(issuer_id), "type": ["Profile"], "name": certificate.organization},
        "validFrom": certificate.issued_at,
        **until,
        "awardedDate": f"{certificate.completed_on}T00:00:00Z",
        "credentialSubject": {
            # The claim `sub` has to name somebody. This says who it is to nobody, and is another one in each badge.
            "id": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, check_url(certificate))}",
            "type": ["AchievementSubject"],
            "identifier": _identifiers(str(certificate.holder), email, salt),
            "achievement": _achievement(certificate, did_of(issuer_id)),
        },
        "credentialStatus": _status(issuer_id, int(certificate.badge_list), int(certificate.badge_index)),
        "credentialSchema": [{"id": _SCHEMA, "type": "1EdTechJsonSchemaValidator2019"}],
    }


def status_list_of(issuer_id: str, list_number: int, encoded_list: str, now: datetime) -> dict[str, Any]:
    url = list_url(issuer_id, list_number)
    return {
        "@context": [CREDENTIALS],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": did_of(issuer_id),
        "validFrom": to_text(now),
        "credentialSubject": {
            "id": f"{url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": encoded_list,
        },
    }


def _achievement(certificate: Certificate, did: str) -> dict[str, Any]:
    kind = certificate.about.partition("/")[0]
    what = "live training" if kind == "training" else "course"
    return {
        # The same course of the same issuer has the same id in every badge.
        "id": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{did}/{certificate.about}')}",
        "type": ["Achievement"],
        "name": certificate.title,
        "description": f"The {what} “{certificate.title}”.",
        "criteria": {"narrative": f"Completed the {what}."},
    }


def _status(issuer_id: str, list_number: int, index: int) -> dict[str, str]:
    url = list_url(issuer_id, list_number)
    return {
        "id": f"{url}#{index}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": str(index),
        "statusListCredential": url,
    }


def _identifiers(name: str, email: str | None, salt: str) -> list[dict[str, Any]]:
    known = [("emailAddress", email.lower())] if email else []
    return [_identity(kind, text, salt) for kind, text in [*known, ("name", name)]]


def _identity(kind: str, text: str, salt: str) -> dict[str, Any]:
    return {
        "type": "IdentityObject",
        "hashed": True,
        "identityHash": f"sha256${hashlib.sha256(f'{text}{salt}'.encode()).hexdigest()}",
        "identityType": kind,
        "salt": salt,
    }


def _end_of(day: str) -> str:
    """When the last day has ended everywhere, as the public check says it."""
    midnight = datetime.combine(to_date(day) + timedelta(days=1), time(), UTC)
    return to_text(midnight + timedelta(hours=12))
