"""The caller's certificates: of every membership, and of courses on the own account."""

from datetime import datetime

from chalicelib.core.errors import NotFound
from chalicelib.tenants.access import service as access
from chalicelib.training.certificates import store
from chalicelib.training.certificates.ids import CertificateId
from chalicelib.training.certificates.models import Certificate, holder_pk, own_pk
from chalicelib.training.certificates.schemas import CertificatePage
from chalicelib.training.certificates.views import certificate_out
from chalicelib.web.paging import Pager, invalid_cursor


def page(account_id: str, pager: Pager, now: datetime) -> CertificatePage:
    """Membership by membership, each with the newest first; then those of courses on the own account."""
    holders = holders_of(account_id)
    number, _, after = (pager.position or "0|").partition("|")
    if not number.isdecimal():
        raise invalid_cursor()
    found: list[Certificate] = []
    index, position = int(number), after or None
    while index < len(holders) and len(found) < pager.limit:
        read = store.certificates_of(holders[index], pager.limit - len(found), position)
        found += read.items
        position = read.next_position
        if position is None:
            index += 1
    cursor = pager.cursor(f"{index}|{position or ''}") if index < len(holders) else None
    return CertificatePage(items=[certificate_out(one, now) for one in found], next_cursor=cursor)


def find(account_id: str, text: str) -> Certificate:
    """Raises NotFound for those of others."""
    wanted = CertificateId.parse(text)
    if wanted.pk not in holders_of(account_id):
        raise NotFound("There is no such certificate")
    certificate = store.certificate(wanted.pk, wanted.certificate_id)
    if certificate is None:
        raise NotFound("There is no such certificate")
    return certificate


def holders_of(account_id: str) -> list[str]:
    """The keys under which certificates of this account lie, in an order that stays."""
    entries = sorted(access.entries(account_id), key=lambda entry: entry.sk)
    of_members = [holder_pk(entry.org_id, entry.member_id) for entry in entries if entry.member_id and entry.org_id]
    return [*of_members, own_pk(account_id)]
