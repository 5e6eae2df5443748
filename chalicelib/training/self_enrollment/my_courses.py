"""The courses of the person who asks: over all memberships of their account."""

from datetime import datetime

from chalicelib.core.errors import NotFound
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.models import AccountEntry
from chalicelib.training.progress import learners
from chalicelib.training.progress.progress import EnrollmentId
from chalicelib.training.progress.schemas import EnrollmentOut
from chalicelib.training.self_enrollment import progress

# Sorts after the keys of all memberships.
_OWN = "OWN"


def page(account_id: str, limit: int, position: str | None, now: datetime) -> tuple[list[EnrollmentOut], str | None]:
    """Membership by membership, then those on one's own account; a page may end within one."""
    memberships = _memberships(account_id)
    started, _, after = (position or "").partition(" ")
    items: list[EnrollmentOut] = []
    for entry in memberships:
        if entry.sk < started:
            continue
        resume = after if entry.sk == started and after else None
        if len(items) >= limit:
            return items, f"{entry.sk} "
        found, more = learners.of_member(
            entry.msp_id, str(entry.org_id), str(entry.member_id), limit - len(items), resume, now
        )
        items += found
        if more is not None:
            return items, f"{entry.sk} {more}"
    if len(items) >= limit:
        return items, f"{_OWN} "
    found, more = progress.page(account_id, limit - len(items), after if started == _OWN and after else None, now)
    return items + found, None if more is None else f"{_OWN} {more}"


def find(account_id: str, text: str) -> tuple[str, EnrollmentId]:
    """The MSP and the parsed id of an enrollment of one's own. Raises NotFound for anybody else's."""
    enrollment_id = EnrollmentId.parse(text)
    for entry in _memberships(account_id):
        if (entry.org_id, entry.member_id) == (enrollment_id.org_id, enrollment_id.member_id):
            return entry.msp_id, enrollment_id
    raise NotFound()


def _memberships(account_id: str) -> list[AccountEntry]:
    entries = access.entries(account_id)
    return sorted((entry for entry in entries if entry.member_id is not None), key=lambda entry: entry.sk)
