"""A certificate's file: made when its holder asks for it, kept for four weeks, and made again when asked for later."""

import base64
from datetime import datetime, time, timedelta
from pathlib import Path

from chalicelib.aws import functions
from chalicelib.aws.files import files
from chalicelib.core import observability
from chalicelib.core.clock import to_instant, to_text
from chalicelib.core.errors import Conflict
from chalicelib.core.explanations import explanations_in
from chalicelib.core.settings import certificates_function
from chalicelib.jobs import due, queue
from chalicelib.training.certificates import my_certificates, store
from chalicelib.training.certificates.facts import facts_of
from chalicelib.training.certificates.ids import CertificateId
from chalicelib.training.certificates.messages import MakeCertificate
from chalicelib.training.certificates.models import Certificate, file_key
from chalicelib.training.certificates.schemas import CertificateFile
from chalicelib.training.certificates.states import FileCode, FileStatus

# The bucket deletes files after 30 days (infra/resources.yaml), at a midnight.
KEPT_FOR = timedelta(days=28)

LINK_LASTS = timedelta(minutes=15)

# Who asks again within this time waits for the same job.
_ASKED_LASTS = timedelta(minutes=5)

_TEXTS = Path(__file__).with_name("explanations.toml")


def ask(account_id: str, text: str, now: datetime) -> CertificateFile:
    """The file, or the news that it is being made. Raises NotFound; Conflict for a revoked certificate."""
    return ask_for(my_certificates.find(account_id, text), now)


def ask_for(certificate: Certificate, now: datetime) -> CertificateFile:
    """Raises Conflict."""
    if certificate.revoked_at or certificate.holder is None:
        raise Conflict("revoked", "This certificate was revoked.")
    if certificate.pdf_at and to_instant(certificate.pdf_at) + KEPT_FOR > now:
        name = f"certificate-{certificate.number}.pdf"
        url = files().link(file_key(certificate), name, LINK_LASTS)
        return CertificateFile(status=FileStatus.READY, url=url)
    if not certificate.pdf_asked_at or to_instant(certificate.pdf_asked_at) + _ASKED_LASTS <= now:
        job = _job(certificate, to_text(now))
        store.ask_for_file(certificate, job, now)
        queue.send_soon(job)
    if certificate.pdf_code is None:
        return CertificateFile(status=FileStatus.BEING_MADE)
    return CertificateFile(
        status=FileStatus.WAITING,
        code=FileCode(certificate.pdf_code),
        explanation=explanations_in(_TEXTS)[certificate.pdf_code].text,
    )


def make(job: MakeCertificate, now: datetime) -> None:
    """Any number of times: the same certificate gives the same file."""
    certificate = _certificate(job)
    if certificate is None or certificate.holder is None:
        due.close(job)
        return
    answer = functions.invoke(certificates_function(), facts_of(certificate))
    if "pdf" not in answer:
        observability.warning("certificate not made: no font", certificate_id=job.certificate_id)
        _wait(certificate, job, FileCode.NO_GLYPH, now)
        return
    files().write(file_key(certificate), [base64.b64decode(answer["pdf"])], "application/pdf")
    if not store.mark_made(certificate, job, now):
        # Erased meanwhile.
        files().delete(file_key(certificate))
        due.close(job)


def on_dead_letter(job: MakeCertificate, now: datetime) -> None:
    """It is tried again every day."""
    certificate = _certificate(job)
    if certificate is not None:
        _wait(certificate, job, FileCode.NOT_MADE, now)


def _wait(certificate: Certificate, job: MakeCertificate, code: FileCode, now: datetime) -> None:
    """Until the next midnight: all who asked meanwhile wait for one job."""
    next_day = datetime.combine(now.date() + timedelta(days=1), time(), now.tzinfo)
    store.mark_waiting(certificate, job, _job(certificate, to_text(next_day)), code)


def _certificate(job: MakeCertificate) -> Certificate | None:
    return store.certificate(CertificateId(job.org_id, job.person, job.certificate_id).pk, job.certificate_id)


def _job(certificate: Certificate, due_at: str) -> MakeCertificate:
    return MakeCertificate(
        msp_id=certificate.msp_id, org_id=certificate.org_id, person=CertificateId.person_of(certificate),
        certificate_id=certificate.certificate_id, due_at=due_at,
    )  # fmt: skip
