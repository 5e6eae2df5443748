"""Items of the directory."""

from pynamodb.attributes import JSONAttribute, ListAttribute, MapAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.aws.items import CoreItem
from chalicelib.aws.table import Ref
from chalicelib.core.text import normalized
from chalicelib.tenants.access.models import org_pk


class Member(CoreItem):
    """`ORG#o#MEMBERS` / `MEMBER#m`. `revision` guards every change.

    `invite_*` describe the open invitation. The hash is that of the secret in its link, absent until a mail with the
    link was written. `mail_id` is the latest mail about it. `mail_blocked` is the reason why no more mail is sent.
    """

    PERSONAL = frozenset({"email", "login_name", "first_name", "last_name", "fields", "last_change"})

    member_id = UnicodeAttribute()
    status = UnicodeAttribute()
    email = UnicodeAttribute(null=True)
    login_name = UnicodeAttribute(null=True)
    first_name = UnicodeAttribute(default="")
    last_name = UnicodeAttribute(default="")
    group_ids: ListAttribute[str] = ListAttribute(default=list)
    department_id = UnicodeAttribute(null=True)
    location_id = UnicodeAttribute(null=True)
    fields: MapAttribute[str, str] = MapAttribute(default=dict)  # type: ignore[no-untyped-call]
    account_id = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()
    revision = NumberAttribute(default=0)
    invite_id = UnicodeAttribute(null=True)
    invite_hash = UnicodeAttribute(null=True)
    invite_expires_at = UnicodeAttribute(null=True)
    mail_id = UnicodeAttribute(null=True)
    # Mails before the latest: of invitations that were sent again, withdrawn or accepted. The newest come last.
    earlier_mail_ids: ListAttribute[str] = ListAttribute(null=True)
    mail_blocked = UnicodeAttribute(null=True)
    # Id and instant of the latest archiving, until its job has withdrawn the member from courses.
    archive_id = UnicodeAttribute(null=True)
    archived_at = UnicodeAttribute(null=True)
    # The latest `MemberChange`, as a document: it becomes an item of its own when another follows.
    last_change: JSONAttribute = JSONAttribute(null=True)
    # Of the erasure that is under way, or was; `erased_at` once nothing is left that tells who this was.
    erase_id = UnicodeAttribute(null=True)
    erased_at = UnicodeAttribute(null=True)


def members_pk(org_id: str) -> str:
    return f"{org_pk(org_id)}#MEMBERS"


def member_sk(member_id: str) -> str:
    return f"MEMBER#{member_id}"


def member_ref(org_id: str, member_id: str) -> Ref[Member]:
    return Ref(Member, members_pk(org_id), member_sk(member_id))


class MemberChange(CoreItem):
    """`ORG#o#CHANGES#m` / `<revision>`: what a change replaced, by attribute, when it may have decided an enrollment.

    From the latest back, they give the member as of any instant. The latest one is kept on the member.
    """

    PERSONAL = frozenset({"before"})

    at = UnicodeAttribute()
    before = JSONAttribute()


def changes_pk(org_id: str, member_id: str) -> str:
    return f"{org_pk(org_id)}#CHANGES#{member_id}"


class UniqueClaim(CoreItem):
    """`ORG#o` / `EMAIL#<normalized>` or `LOGIN#<normalized>`: unique within one organization."""

    PERSONAL = frozenset({"sk"})

    member_id = UnicodeAttribute()


def email_sk(normalized_email: str) -> str:
    return f"EMAIL#{normalized_email}"


def login_sk(normalized_login: str) -> str:
    return f"LOGIN#{normalized_login}"


class RosterEntry(CoreItem):
    """One member on one roster; small, because fan-out reads these by the hundred thousand.

    `status` is active, or prospect for whoever is invited (pending as well, in entries of earlier versions).
    With the department: whoever walks a roster sees each person once, in the one department of that moment. The rosters
    of departments, read one after the other, would miss who moves from a later one to an earlier one meanwhile.
    """

    status = UnicodeAttribute()
    department_id = UnicodeAttribute(null=True)


def learners_pk(org_id: str) -> str:
    """The roster of all active members."""
    return f"{org_pk(org_id)}#LEARNERS"


def group_roster_pk(org_id: str, group_id: str) -> str:
    return f"{org_pk(org_id)}#GROUP#{group_id}"


def department_roster_pk(org_id: str, department_id: str) -> str:
    return f"{org_pk(org_id)}#DEPARTMENT#{department_id}"


def location_roster_pk(org_id: str, location_id: str) -> str:
    return f"{org_pk(org_id)}#LOCATION#{location_id}"


class SearchEntry(CoreItem):
    """`ORG#o#SEARCH` / `<normalized words>#<member id>`."""

    PERSONAL = frozenset({"sk"})

    member_id = UnicodeAttribute()


def search_pk(org_id: str) -> str:
    return f"{org_pk(org_id)}#SEARCH"


def fields_of(member: Member) -> dict[str, str]:
    """Profile fields by name."""
    return dict(member.fields.as_dict())  # type: ignore[no-untyped-call]


class OpenInvite(CoreItem):
    """`EMAIL#<normalized address>` / `INVITE#o#m`: this address was invited to the organization.

    Whether the invitation is open, the member says: after accepting, the item stays until the member has another
    address or is erased.
    """

    PERSONAL = frozenset({"pk"})

    msp_id = UnicodeAttribute()
    org_id = UnicodeAttribute()
    member_id = UnicodeAttribute()


def address_pk(email: str) -> str:
    return f"EMAIL#{normalized(email)}"


INVITES_PREFIX = "INVITE#"


def invite_sk(org_id: str, member_id: str) -> str:
    return f"{INVITES_PREFIX}{org_id}#{member_id}"
