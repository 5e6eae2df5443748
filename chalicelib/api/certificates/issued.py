"""HTTP: the certificates that an organization issued."""

from typing import Any

from chalice.app import Response

from chalicelib.api.certificates.mine import file_answer
from chalicelib.core.errors import NotFound
from chalicelib.people.members import service as directory
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.training.certificates import org_certificates, reissue, revoke
from chalicelib.training.certificates.ids import CertificateId
from chalicelib.training.certificates.schemas import (
    CertificateFile,
    OrgCertificate,
    OrgCertificatePage,
    OrgCertificatesQuery,
    ReissueQuery,
    RevokeForm,
)
from chalicelib.web.idempotency import idempotent
from chalicelib.web.paging import Pager
from chalicelib.web.routing import Call, Empty, Routes

routes = Routes("Certificates", __name__, needs=Permission.RESULTS, limited=True)

_CERTIFICATES = "/orgs/{org_id}/certificates"
_CERTIFICATE = _CERTIFICATES + "/{certificate_id}"


@routes.add("GET", _CERTIFICATES, summary="Certificates that were issued", answer=OrgCertificatePage, query=OrgCertificatesQuery, needs=Permission.TRAINING_READ)  # fmt: skip  # noqa: E501
def list_certificates(call: Call[Empty, OrgCertificatesQuery]) -> OrgCertificatePage:
    """The newest first, those of archived members too. Who looks after some departments sees their people's."""
    scope = access.org_or_departments(call.account_id, call.params["org_id"], call.needs)
    return org_certificates.page(scope, call.query, Pager.of(call), call.now)


@routes.add("GET", _CERTIFICATE + "/file", summary="A member's certificate as PDF", answer=CertificateFile, needs=Permission.TRAINING_READ)  # fmt: skip  # noqa: E501
def member_certificate_file(call: Call[Empty, Empty]) -> CertificateFile | Response:
    """A link to the file. 202 while it is being made: ask again in a moment."""
    from chalicelib.training.certificates import pdf_file

    scope, wanted = _scope(call)
    return file_answer(pdf_file.ask_for(org_certificates.find(scope, wanted), call.now))


@routes.add("POST", _CERTIFICATE + "/revoke", summary="Revoke a certificate", body=RevokeForm, answer=OrgCertificate, idempotent=True)  # fmt: skip  # noqa: E501
def revoke_certificate(call: Call[RevokeForm, Empty]) -> OrgCertificate:
    """Its number stays, and says that it was revoked. What was completed stays completed."""
    scope, wanted = _scope(call)
    return idempotent(call, OrgCertificate, lambda _: revoke.revoke(scope, wanted, call.body.reason or None, call.now))


@routes.add("POST", _CERTIFICATE + "/reissue", summary="Issue a certificate again", answer=OrgCertificate, query=ReissueQuery, status=201, idempotent=True)  # fmt: skip  # noqa: E501
def reissue_certificate(call: Call[Empty, ReissueQuery]) -> OrgCertificate:
    """Under the names as they are now, with a new number. The old number says that there is a newer one.

    409 for one that was revoked, unless `even_if_revoked` says that it should count again.
    """
    scope, wanted = _scope(call)
    even_if_revoked = call.query.even_if_revoked
    return idempotent(
        call, OrgCertificate, lambda seed: reissue.reissue(scope, wanted, even_if_revoked, seed, call.now)
    )


def _scope(call: Call[Any, Any]) -> tuple[Scope, CertificateId]:
    """Of who has left, the department that they were in last keeps the certificates, to read.

    Raises NotFound when it is not one of this organization.
    """
    org_id, wanted = call.params["org_id"], CertificateId.parse(call.params["certificate_id"])
    path = directory.last_department_path_of(org_id, wanted.person)
    scope = access.org(call.account_id, org_id, call.needs, path)
    if wanted.org_id != org_id:
        raise NotFound("There is no such certificate")
    return scope, wanted
