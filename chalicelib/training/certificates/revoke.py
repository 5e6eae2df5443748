"""Certificates that count no more: their number goes on saying so."""

from datetime import datetime

from chalicelib.aws.table import Write
from chalicelib.core.settle import until_settled
from chalicelib.people.members.reach import reach_writes
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.training.certificates import store
from chalicelib.training.certificates.badges import revocation
from chalicelib.training.certificates.ids import CertificateId
from chalicelib.training.certificates.models import Certificate
from chalicelib.training.certificates.org_certificates import find, org_certificate_out
from chalicelib.training.certificates.schemas import OrgCertificate


def revoke(scope: Scope, wanted: CertificateId, reason: str | None, now: datetime) -> OrgCertificate:
    """Revoking again changes nothing. The reason is for admins only.

    Raises NotFound, and Forbidden for who is outside the caller's departments by now.
    """

    def step() -> Certificate | None:
        certificate = find(scope, wanted)
        if certificate.revoked_at:
            return None
        target = f"member/{certificate.member_id}/certificate/{certificate.certificate_id}"
        entry = AuditEntry(scope.account_id, "certificate.revoked", target, after={"about": certificate.about})
        writes = [*store.revoke_writes(certificate, reason, now), *reach_writes(scope, str(certificate.member_id))]
        audit.commit(scope.tenant_pk, entry, writes, now)
        return certificate

    revocation.send_soon(until_settled(step), now)
    return org_certificate_out(find(scope, wanted), now)


def writes_of(pk: str, certificate_id: str, now: datetime) -> list[Write]:
    """Revokes what counts of it, which may have been issued again. Nothing if it was revoked before.

    ConditionFailed when it changed since it was read.
    """
    certificate = _latest(store.certificate(pk, certificate_id))
    if certificate is None or certificate.revoked_at:
        return []
    return store.revoke_writes(certificate, None, now)


def _latest(certificate: Certificate | None) -> Certificate | None:
    while certificate is not None and certificate.replaced_by:
        certificate = store.by_number(certificate.replaced_by)
    return certificate
