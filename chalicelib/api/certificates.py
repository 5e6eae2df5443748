"""HTTP: the caller's certificates, and the public check of a number."""

from pathlib import Path

from chalicelib.training.certificates import check, my_certificates
from chalicelib.training.certificates.schemas import CertificatePage, CheckedCertificate
from chalicelib.web.html import HtmlPage, page
from chalicelib.web.paging import PageQuery, Pager
from chalicelib.web.routing import HTML, JSON, Call, Empty, Routes

routes = Routes("Certificates", __name__)

_TEMPLATES = Path(__file__).parent / "templates"


@routes.add("GET", "/me/certificates", summary="My certificates", answer=CertificatePage, query=PageQuery)
def list_my_certificates(call: Call[Empty, PageQuery]) -> CertificatePage:
    """Of every organization, and of courses on my own account."""
    return my_certificates.page(call.account_id, Pager.of(call), call.now)


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
