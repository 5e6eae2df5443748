"""HTTP: the caller's certificates, and the public check of a number."""

from pathlib import Path

from chalice.app import Response

from chalicelib.training.certificates import check, my_certificates
from chalicelib.training.certificates.schemas import CertificateFile, CertificatePage, CheckedCertificate
from chalicelib.training.certificates.states import FileStatus
from chalicelib.web.html import HtmlPage, page
from chalicelib.web.paging import PageQuery, Pager
from chalicelib.web.routing import HTML, JSON, Call, Empty, Routes

routes = Routes("Certificates", __name__)

_TEMPLATES = Path(__file__).parent / "templates"


@routes.add("GET", "/me/certificates", summary="My certificates", answer=CertificatePage, query=PageQuery)
def list_my_certificates(call: Call[Empty, PageQuery]) -> CertificatePage:
    """Of every organization, and of courses on my own account."""
    return my_certificates.page(call.account_id, Pager.of(call), call.now)


@routes.add("GET", "/me/certificates/{certificate_id}/file", summary="A certificate as PDF", answer=CertificateFile)
def certificate_file(call: Call[Empty, Empty]) -> CertificateFile | Response:
    """A link to the file. 202 while it is being made: ask again in a moment."""
    from chalicelib.training.certificates import pdf_file

    return file_answer(pdf_file.ask(call.account_id, call.params["certificate_id"], call.now))


def file_answer(found: CertificateFile) -> CertificateFile | Response:
    if found.status == FileStatus.READY:
        return found
    headers: dict[str, str | list[str]] = {
        "Content-Type": "application/json", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
        "Retry-After": "2",
    }  # fmt: skip
    return Response(found.model_dump_json(), headers, 202)


@routes.add(
    "GET", "/certificates/{number}", summary="Whether a certificate is genuine", answer=CheckedCertificate,
    public=True, content_type=HTML, also_answers=JSON,
)  # fmt: skip
def check_certificate(call: Call[Empty, Empty]) -> CheckedCertificate | HtmlPage:
    """A page; JSON for who asks for it by `Accept`. It tells what is printed on the certificate, and whether it counts.

    404 for a number that no certificate has.
    """
    if call.wants_json:
        return check.checked_or_refused(call.params["number"], call.now)
    found = check.check(call.params["number"], call.now)
    return page(_TEMPLATES, "certificate.html", {"certificate": found}, 200 if found else 404)
