"""Certificates that count no more: their number goes on saying so."""

from datetime import datetime

from chalicelib.aws.table import Write
from chalicelib.training.certificates import store


def writes_of(pk: str, certificate_id: str, now: datetime) -> list[Write]:
    """Nothing for one that was revoked before. ConditionFailed when it changed since it was read."""
    certificate = store.certificate(pk, certificate_id)
    if certificate is None or certificate.revoked_at:
        return []
    return [store.revoke_write(certificate, now)]
