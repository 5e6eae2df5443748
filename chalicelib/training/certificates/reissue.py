"""A certificate that is issued again: for a person or an organization with another name, or another date."""

from datetime import date, datetime
from typing import Any

from chalicelib.aws.table import Write
from chalicelib.core.clock import to_date, to_text
from chalicelib.core.errors import Conflict
from chalicelib.core.settle import until_settled
from chalicelib.people.members import store as members_store
from chalicelib.people.members.reach import reach_writes
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.courses import store as courses_store
from chalicelib.tenants.organizations.lookups import org_of
from chalicelib.training.certificates import issue, store
from chalicelib.training.certificates.badges import revocation
from chalicelib.training.certificates.ids import CertificateId
from chalicelib.training.certificates.models import Certificate, certificate_sk
from chalicelib.training.certificates.numbers import new_number
from chalicelib.training.certificates.org_certificates import find, org_certificate_out
from chalicelib.training.certificates.schemas import OrgCertificate


def reissue(scope: Scope, wanted: CertificateId, even_if_revoked: bool, seed: str, now: datetime) -> OrgCertificate:
    """Under the names as they are now, with a new number; the old number says that there is a newer one.

    One that was revoked is issued again only `even_if_revoked`. The same request again, by its `seed`, answers the
    same. Raises NotFound, and Conflict for one that was replaced, or was revoked without that.
    """
    made = CertificateId(wanted.org_id, wanted.person, seed)

    def step() -> Certificate | None:
        if store.certificate(made.pk, seed) is not None:
            return None
        old = find(scope, wanted)
        if old.replaced_by:
            raise Conflict("replaced", "This certificate has already been reissued. Use the newer one.")
        if old.revoked_at and not even_if_revoked:
            raise Conflict("revoked", "This certificate was revoked. To reissue it, confirm that it counts again.")
        new = _renamed(scope, old, seed, now)
        target = f"member/{old.member_id}/certificate/{old.certificate_id}"
        entry = AuditEntry(scope.account_id, "certificate.reissued", target, after=_told(old, seed))
        writes = [*store.reissue_writes(old, new, now), *reach_writes(scope, str(old.member_id))]
        audit.commit(scope.tenant_pk, entry, writes, now)
        return old

    revocation.send_soon(until_settled(step), now)
    return org_certificate_out(find(scope, made), now)


def writes_of(pk: str, about: str, certificate_id: str, completed_on: date, now: datetime) -> list[Write]:
    """For a date that is corrected: the newest certificate of a course is issued again, if there is one that counts.

    ConditionFailed when it changed since it was read.
    """
    certificates = [one for one in store.all_of(pk) if one.about == about and not one.replaced_by]
    newest = max(certificates, key=lambda one: str(one.certificate_id), default=None)
    if newest is None or newest.revoked_at or newest.completed_on == str(completed_on):
        return []
    new = _copy(newest, certificate_id, now)
    _date(new, completed_on, _months(newest))
    return store.reissue_writes(newest, new, now)


def _told(old: Certificate, certificate_id: str) -> dict[str, Any]:
    was_revoked = {"was_revoked": True} if old.revoked_at else {}
    return {"certificate_id": certificate_id, **was_revoked}


def _renamed(scope: Scope, old: Certificate, certificate_id: str, now: datetime) -> Certificate:
    """Raises Conflict for a person who was erased."""
    member = members_store.member(scope.org, str(old.member_id))
    if old.holder is None or member is None:
        raise Conflict("erased", "This person's data was erased, so no certificate can be issued.")
    new = _copy(old, certificate_id, now)
    new.holder, new.organization = issue.name_of(member), org_of(scope.msp_id, scope.org).name
    kind, _, about_id = old.about.partition("/")
    course = courses_store.course(scope.msp_id, about_id) if kind == "course" else None
    if course is not None:
        new.title = course.title
        months = int(course.certificate_months) if course.certificate_months else None
        _date(new, to_date(old.completed_on), months)
    return new


def _copy(old: Certificate, certificate_id: str, now: datetime) -> Certificate:
    new = Certificate.from_raw_data(old.serialize())
    new.sk, new.certificate_id, new.number = certificate_sk(certificate_id), certificate_id, new_number()
    new.issued_at, new.replaces, new.revision = to_text(now), old.number, 0
    new.revoked_at = new.revoke_reason = new.pdf_at = new.pdf_asked_at = new.pdf_code = None
    new.badge_at = new.badge_asked_at = new.badge_list = new.badge_index = None
    return new


def _date(certificate: Certificate, completed_on: date, months: int | None) -> None:
    until = issue.valid_until(completed_on, months)
    certificate.completed_on, certificate.valid_until = str(completed_on), str(until) if until else None


def _months(certificate: Certificate) -> int | None:
    """For how long it was issued."""
    if certificate.valid_until is None:
        return None
    first, last = to_date(certificate.completed_on), to_date(certificate.valid_until)
    return (last.year - first.year) * 12 + last.month - first.month
