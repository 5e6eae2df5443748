"""Reads and writes of certificates."""

from contextlib import suppress
from datetime import datetime

from chalicelib.aws import table
from chalicelib.aws.table import Action, Write, put_new
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.paging import Page
from chalicelib.jobs import due
from chalicelib.training.certificates.badges import revocation
from chalicelib.training.certificates.badges.models import Badge, badge_sk
from chalicelib.training.certificates.messages import MakeCertificate
from chalicelib.training.certificates.models import (
    CERTIFICATES_PREFIX,
    NUMBER_SK,
    Certificate,
    CertificateNumber,
    IssuedCertificate,
    certificate_ref,
    certificate_sk,
    holder_pk,
    issued_pk,
    number_pk,
)
from chalicelib.training.certificates.states import FileCode


def issue_writes(certificate: Certificate) -> list[Write]:
    """The certificate, whose number it is and, if an organization issued it, its place in the list there."""
    certificate_id = certificate.certificate_id
    number = CertificateNumber(
        number_pk(certificate.number), NUMBER_SK, holder=certificate.pk, certificate_id=certificate_id
    )
    writes = [put_new(certificate), put_new(number)]
    if certificate.org_id is None:
        return writes
    issued = IssuedCertificate(
        issued_pk(certificate.org_id), certificate.sk, member_id=certificate.member_id, certificate_id=certificate_id
    )
    return [*writes, put_new(issued)]


def certificate(pk: str, certificate_id: str) -> Certificate | None:
    return table.get(Certificate, pk, certificate_sk(certificate_id))


def by_number(number: str) -> Certificate | None:
    found = table.get(CertificateNumber, number_pk(number), NUMBER_SK)
    return certificate(found.holder, found.certificate_id) if found else None


def certificates_of(pk: str, limit: int, after: str | None) -> Page[Certificate]:
    """Of one holder, the newest first."""
    return table.query(
        Certificate, pk, prefix=CERTIFICATES_PREFIX, limit=limit, after=after, newest_first=True, consistent=True
    )


def all_of(pk: str) -> list[Certificate]:
    """Of one holder: a person has few."""
    return table.query_all(Certificate, pk, prefix=CERTIFICATES_PREFIX)


def issued_by(org_id: str, limit: int, after: str | None) -> Page[Certificate]:
    """The newest first."""
    page = table.query(
        IssuedCertificate, issued_pk(org_id), prefix=CERTIFICATES_PREFIX, limit=limit, after=after, newest_first=True
    )
    refs = [certificate_ref(holder_pk(org_id, one.member_id), one.certificate_id) for one in page.items]
    return Page(table.fetch_all(refs), page.next_position)


def revoke_writes(certificate: Certificate, reason: str | None, now: datetime) -> list[Write]:
    """Two at most: its badge counts no more, either. ConditionFailed when it changed since it was read."""
    told = [Certificate.revoke_reason.set(reason)] if reason else []
    change = _change_write(certificate, Certificate.revoked_at.set(to_text(now)), *told)
    return [change, *revocation.writes(certificate, now)]


def reissue_writes(old: Certificate, new: Certificate, now: datetime) -> list[Write]:
    """ConditionFailed with index 0 when the old one changed since it was read."""
    change = _change_write(old, Certificate.replaced_by.set(new.number))
    return [change, *issue_writes(new), *revocation.writes(old, now)]


def erase(certificate: Certificate, now: datetime) -> None:
    """The name, and the badge, which counts no more.

    ConditionFailed when it changed since it was read: a badge may have been asked for.
    """
    change = _change_write(
        certificate, Certificate.holder.remove(), Certificate.revoke_reason.remove(), Certificate.pdf_at.remove(),
        Certificate.pdf_asked_at.remove(), Certificate.pdf_code.remove(), Certificate.badge_at.remove(),
        Certificate.erased_at.set(to_text(now)),
    )  # fmt: skip
    badge = Write("delete", Badge(certificate.pk, badge_sk(certificate.certificate_id)))
    table.transact([change, badge, *revocation.writes(certificate, now)])


def ask_for_file(certificate: Certificate, job: MakeCertificate, now: datetime) -> None:
    """The job, and that it was asked for. Nobody waits for a certificate that changed meanwhile."""
    asked = (Certificate.pdf_asked_at.set(to_text(now)),)
    write = Write("update", Certificate(certificate.pk, certificate.sk), Certificate.pk.exists(), asked)
    table.transact([write, due.write(job, sent_at=now)])


def mark_made(certificate: Certificate, job: MakeCertificate, now: datetime) -> bool:
    """The file is there, and the job done. False when the person was erased meanwhile."""
    actions = (Certificate.pdf_at.set(to_text(now)), Certificate.pdf_code.remove())
    try:
        table.transact([_file_write(certificate, *actions), due.done(job)])
    except ConditionFailed:
        return False
    return True


def mark_waiting(certificate: Certificate, job: MakeCertificate, next_job: MakeCertificate, code: FileCode) -> None:
    """The file cannot be made; `next_job` tries again. Nothing more for a person who was erased meanwhile."""
    write = _file_write(certificate, Certificate.pdf_code.set(code.value))
    with suppress(ConditionFailed):
        table.transact([write, due.done(job), due.write(next_job)])


def _file_write(certificate: Certificate, *actions: Action) -> Write:
    return Write("update", Certificate(certificate.pk, certificate.sk), Certificate.holder.exists(), actions)


def _change_write(certificate: Certificate, *actions: Action) -> Write:
    same = Certificate.revision == certificate.revision
    key = Certificate(certificate.pk, certificate.sk)
    return Write("update", key, same, (*actions, Certificate.revision.add(1)))
