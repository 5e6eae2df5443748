"""The courses of the caller's account: of all its memberships, and those that were taken without an organization."""

from datetime import datetime

from chalicelib.core.errors import NotFound
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.models import AccountEntry
from chalicelib.training.progress import learners
from chalicelib.training.progress.enrollment_ids import EnrollmentId
from chalicelib.training.progress.schemas import EnrollmentOut
from chalicelib.training.self_enrollment import progress

# In a position, the part after all memberships. Sorts after their keys.
_SELF_ENROLLED = "OWN"


def page(account_id: str, limit: int, position: str | None, now: datetime) -> tuple[list[EnrollmentOut], str | None]:
    """Membership by membership, then self-enrollments. A page may end within one of them."""
    part, _, after = (position or "").partition(" ")
    items: list[EnrollmentOut] = []
    for entry in _memberships(account_id):
        if entry.sk < part:
            continue
        resume = after if entry.sk == part and after else None
        if len(items) >= limit:
            return items, f"{entry.sk} "
        of_membership, next_position = learners.of_member(
            entry.msp_id, str(entry.org_id), str(entry.member_id), limit - len(items), resume, now
        )
        items += of_membership
        if next_position is not None:
            return items, f"{entry.sk} {next_position}"
    if len(items) >= limit:
        return items, f"{_SELF_ENROLLED} "
    resume = after if part == _SELF_ENROLLED and after else None
    self_enrolled, next_position = progress.page(account_id, limit - len(items), resume, now)
    return items + self_enrolled, None if next_position is None else f"{_SELF_ENROLLED} {next_position}"


def find(account_id: str, text: str) -> tuple[str, EnrollmentId]:
    """The MSP and the parsed id of an enrollment of this account. Raises NotFound for those of others."""
    enrollment_id = EnrollmentId.parse(text)
    for entry in _memberships(account_id):
        if (entry.org_id, entry.member_id) == (enrollment_id.org_id, enrollment_id.member_id):
            return entry.msp_id, enrollment_id
    raise NotFound()


def _memberships(account_id: str) -> list[AccountEntry]:
    entries = access.entries(account_id)
    return sorted((entry for entry in entries if entry.member_id is not None), key=lambda entry: entry.sk)
