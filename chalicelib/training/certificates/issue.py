"""Makes the certificates of what was completed. Their writes belong to the transaction that completes it."""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.core.ids import new_id
from chalicelib.people.members.models import Member
from chalicelib.tenants.organizations.lookups import zone_of
from chalicelib.tenants.organizations.models import Org
from chalicelib.training.certificates import store
from chalicelib.training.certificates.models import Certificate, certificate_sk, holder_pk, own_pk
from chalicelib.training.certificates.numbers import new_number


@dataclass(frozen=True)
class Completed:
    """What was completed, and when. `about` is `course/<id>` or `training/<id>`; `months` how long it counts."""

    about: str
    title: str
    at: datetime
    months: int | None = None


def to_member(org: Org, member: Member, completed: Completed, now: datetime) -> Certificate:
    new = _new(org.msp_id, holder_pk(org.org_id, member.member_id), completed, zone_of(org), now)
    new.org_id, new.member_id = org.org_id, member.member_id
    new.holder, new.organization = name_of(member), org.name
    return new


def to_account(
    msp_id: str, provider: str, account_id: str, name: str, completed: Completed, now: datetime
) -> Certificate:
    """For a course on one's own account: it is issued by the MSP whose course it is."""
    new = _new(msp_id, own_pk(account_id), completed, ZoneInfo("UTC"), now)
    new.holder, new.organization = name, provider
    return new


def writes(certificates: Sequence[Certificate]) -> list[Write]:
    """Three for each certificate of a member, two for one of an account."""
    return [write for certificate in certificates for write in store.issue_writes(certificate)]


def name_of(member: Member) -> str:
    """A person without a name has a login name or an address."""
    name = f"{member.first_name} {member.last_name}".strip()
    return str(name or member.login_name or member.email or member.member_id)


def valid_until(completed_on: date, months: int | None) -> date | None:
    """The same day so many months later, or the last of that month if it is shorter."""
    if months is None:
        return None
    year, month = divmod(completed_on.year * 12 + completed_on.month - 1 + months, 12)
    return date(year, month + 1, min(completed_on.day, calendar.monthrange(year, month + 1)[1]))


def _new(msp_id: str, pk: str, completed: Completed, zone: ZoneInfo, now: datetime) -> Certificate:
    certificate_id = new_id(now)
    completed_on = completed.at.astimezone(zone).date()
    until = valid_until(completed_on, completed.months)
    return Certificate(
        pk, certificate_sk(certificate_id), certificate_id=certificate_id, number=new_number(), msp_id=msp_id,
        about=completed.about, title=completed.title, completed_on=str(completed_on), issued_at=to_text(now),
        valid_until=str(until) if until else None,
    )  # fmt: skip
