"""A certificate's badge: asked for by its holder, signed once by a job, and public from then on."""

import secrets
from datetime import datetime, timedelta

from chalicelib.core.clock import to_instant, to_text
from chalicelib.core.errors import ConditionFailed, Conflict, NotFound
from chalicelib.core.settle import until_settled
from chalicelib.jobs import due, queue
from chalicelib.people.members import store as members_store
from chalicelib.training.certificates import my_certificates
from chalicelib.training.certificates import store as certificates_store
from chalicelib.training.certificates.badges import jws, status_lists, store
from chalicelib.training.certificates.badges.addresses import badge_url, issuer_id_of
from chalicelib.training.certificates.badges.bits import NUM_BITS
from chalicelib.training.certificates.badges.credential import credential_of
from chalicelib.training.certificates.badges.messages import MakeBadge
from chalicelib.training.certificates.badges.schemas import BadgeOut
from chalicelib.training.certificates.badges.states import BadgeStatus
from chalicelib.training.certificates.ids import CertificateId
from chalicelib.training.certificates.models import Certificate
from chalicelib.training.certificates.numbers import understood

# Until then nobody is told to wait longer; from then on that it takes longer than it should.
_USUAL = timedelta(minutes=15)
# The job comes again by itself until it is done. For the case that it was lost in spite of that:
_ASKED_LASTS = timedelta(days=1)

# So many places taken one after the other: most of the list is.
_DRAWS = 12

_LATE = "This is taking longer than it should. We'll keep trying. Please check again later."


def ask(account_id: str, text: str, now: datetime) -> BadgeOut:
    """The badge, or the news that it is being made. Raises NotFound; Conflict for a certificate without one."""
    certificate = my_certificates.find(account_id, text)
    if certificate.revoked_at or certificate.holder is None:
        raise Conflict("revoked", "This certificate was revoked.")
    if certificate.replaced_by:
        raise Conflict("replaced", "This certificate was reissued. Use the newer one.")
    made = store.badge(certificate) if certificate.badge_at else None
    if made is not None:
        return BadgeOut(status=BadgeStatus.READY, url=badge_url(certificate), credential=made.credential)
    asked_at = to_instant(certificate.badge_asked_at) if certificate.badge_asked_at else None
    if asked_at is None or asked_at + _ASKED_LASTS <= now:
        job = _job(certificate, now)
        store.ask(certificate, job, now)
        queue.send_soon(job)
    return _being_made(asked_at, now)


def seen(account_id: str, text: str, now: datetime) -> BadgeOut | None:
    """What `ask` would answer, without the credential and without asking; None when nobody asked in the last day.

    None as well for a certificate that has no badge, or no longer. Raises NotFound.
    """
    certificate = my_certificates.find(account_id, text)
    if not _counts(certificate):
        return None
    if certificate.badge_at:
        return BadgeOut(status=BadgeStatus.READY, url=badge_url(certificate))
    asked_at = to_instant(certificate.badge_asked_at) if certificate.badge_asked_at else None
    return None if asked_at is None or asked_at + _ASKED_LASTS <= now else _being_made(asked_at, now)


def _being_made(asked_at: datetime | None, now: datetime) -> BadgeOut:
    if asked_at is not None and asked_at + _USUAL <= now:
        return BadgeOut(status=BadgeStatus.WAITING, explanation=_LATE)
    return BadgeOut(status=BadgeStatus.BEING_MADE)


def public(text: str) -> str:
    """The credential that was made of the certificate with this number. Raises NotFound.

    Only while the certificate counts: what was revoked, replaced or erased is given to nobody any more.
    """
    number = understood(text)
    certificate = certificates_store.by_number(number) if number else None
    if certificate is not None and certificate.badge_at and _counts(certificate):
        made = store.badge(certificate)
        if made is not None:
            return str(made.credential)
    raise NotFound("There is no badge with this number")


def make(job: MakeBadge, now: datetime) -> None:
    """Any number of times: one badge, with one place in a status list."""
    certificate = until_settled(lambda: _with_place(job, now))
    if certificate is not None:
        credential = credential_of(certificate, _email_of(certificate), secrets.token_hex(16))
        if store.keep(certificate, jws.signed(credential, now), job, now):
            return
    # It was made before, or the certificate counts no more.
    due.close(job)


def _with_place(job: MakeBadge, now: datetime) -> Certificate | None:
    """The certificate, with its place in a status list; None when no badge is to be made of it.

    ConditionFailed when it changed meanwhile, or there is a new list to take a place in.
    """
    pk = CertificateId(job.org_id, job.person, job.certificate_id).pk
    certificate = certificates_store.certificate(pk, job.certificate_id)
    if certificate is None or certificate.badge_at or not _counts(certificate):
        return None
    if certificate.badge_index is None:
        certificate.badge_list, certificate.badge_index = _claimed(certificate, now)
    return certificate


def _claimed(certificate: Certificate, now: datetime) -> tuple[int, int]:
    issuer_id = issuer_id_of(certificate)
    issuer = store.issuer(issuer_id)
    if issuer is None:
        status_lists.open_one(issuer_id, status_lists.FIRST, now)
    list_number = int(issuer.list_number) if issuer else status_lists.FIRST
    for _ in range(_DRAWS):
        try:
            store.claim(certificate, issuer_id, list_number, index := secrets.randbelow(NUM_BITS))
        except ConditionFailed as failed:
            if 0 in failed.failed:
                raise
        else:
            return list_number, index
    status_lists.open_one(issuer_id, list_number + 1, now)
    raise ConditionFailed()


def _counts(certificate: Certificate) -> bool:
    return not certificate.revoked_at and not certificate.replaced_by and certificate.holder is not None


def _email_of(certificate: Certificate) -> str | None:
    """As the organization knows it. Of courses on one's own account, only Cognito knows one."""
    if certificate.org_id is None:
        return None
    member = members_store.member(certificate.org_id, str(certificate.member_id))
    return str(member.email) if member is not None and member.email else None


def _job(certificate: Certificate, now: datetime) -> MakeBadge:
    return MakeBadge(
        msp_id=certificate.msp_id, org_id=certificate.org_id, person=CertificateId.person_of(certificate),
        certificate_id=certificate.certificate_id, due_at=to_text(now),
    )  # fmt: skip
