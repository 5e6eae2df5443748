"""The certificates that an organization issued, those of archived members too."""

from collections.abc import Callable
from datetime import datetime

from chalicelib.core.errors import NotFound
from chalicelib.core.paging import Page, filtered_page
from chalicelib.people.members import store as members_store
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.structure.store import departments_below
from chalicelib.training.certificates import store
from chalicelib.training.certificates.ids import CertificateId
from chalicelib.training.certificates.models import Certificate, holder_pk
from chalicelib.training.certificates.numbers import shown
from chalicelib.training.certificates.schemas import OrgCertificate, OrgCertificatePage, OrgCertificatesQuery
from chalicelib.training.certificates.views import certificate_out, state_of
from chalicelib.web.paging import Pager

_PER_READ, _MAX_READS = 100, 5


def page(scope: Scope, query: OrgCertificatesQuery, pager: Pager, now: datetime) -> OrgCertificatePage:
    """The newest first. A page may be short and still have a next one."""
    is_filtered = query.state is not None or scope.department_ids is not None
    per_read = _PER_READ if is_filtered else pager.limit
    found = filtered_page(
        _reader(scope.org, query.member_id, per_read), lambda one: query.state in (None, state_of(one, now)),
        lambda one: str(one.sk), pager.limit, pager.position, _MAX_READS,
    )  # fmt: skip
    visible = _visible(scope, list(found.items))
    items = [org_certificate_out(one, now) for one in visible]
    return OrgCertificatePage(items=items, next_cursor=pager.cursor(found.next_position))


def find(scope: Scope, wanted: CertificateId) -> Certificate:
    """Raises NotFound for one of another organization."""
    certificate = store.certificate(wanted.pk, wanted.certificate_id) if wanted.org_id == scope.org else None
    if certificate is None:
        raise NotFound("There is no such certificate")
    return certificate


def org_certificate_out(certificate: Certificate, now: datetime) -> OrgCertificate:
    kind, _, about_id = certificate.about.partition("/")
    return OrgCertificate(
        **certificate_out(certificate, now).model_dump(),
        member_id=str(certificate.member_id),
        course_id=about_id if kind == "course" else None,
        training_id=about_id if kind == "training" else None,
        revoked_at=certificate.revoked_at,
        revoke_reason=certificate.revoke_reason,
        replaces=shown(certificate.replaces) if certificate.replaces else None,
        replaced_by=shown(certificate.replaced_by) if certificate.replaced_by else None,
    )


def _reader(org_id: str, member_id: str | None, limit: int) -> Callable[[str | None], Page[Certificate]]:
    if member_id is not None:
        return lambda after: store.certificates_of(holder_pk(org_id, member_id), limit, after)
    return lambda after: store.issued_by(org_id, limit, after)


def _visible(scope: Scope, certificates: list[Certificate]) -> list[Certificate]:
    """Who looks after some departments sees those of the people who are, or were last, in them."""
    if scope.department_ids is None:
        return certificates
    reached = departments_below(scope.org, scope.department_ids)
    members = members_store.members_by_id(scope.org, {str(one.member_id) for one in certificates})
    return [
        one
        for one in certificates
        if (member := members.get(str(one.member_id))) is not None and member.department_id in reached
    ]
