"""That a badge counts no more: its job, for the transaction that revokes, replaces or erases its certificate."""

from datetime import datetime

from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.jobs import due, queue
from chalicelib.training.certificates.badges.messages import RevokeBadge
from chalicelib.training.certificates.models import Certificate


def writes(certificate: Certificate, now: datetime) -> list[Write]:
    """One at most. Who sends no message leaves it to the sweep, which comes within minutes."""
    job = _job(certificate, now)
    return [due.write(job)] if job else []


def send_soon(certificate: Certificate | None, now: datetime) -> None:
    """After the transaction, with the certificate and the time that it was made with."""
    job = _job(certificate, now) if certificate is not None else None
    if job is not None:
        queue.send_soon(job)


def _job(certificate: Certificate, now: datetime) -> RevokeBadge | None:
    """None when it has no badge, and no place for one either."""
    if certificate.badge_index is None:
        return None
    return RevokeBadge(
        msp_id=certificate.msp_id, org_id=certificate.org_id, list_number=int(certificate.badge_list),
        index=int(certificate.badge_index), due_at=to_text(now),
    )  # fmt: skip
