"""At which address a member was invited: by it, a person finds invitations in all organizations."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.aws import table
from chalicelib.aws.items import CoreItem
from chalicelib.aws.table import Write
from chalicelib.core.paging import Page
from chalicelib.core.text import normalized


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


_PREFIX = "INVITE#"


def invite_sk(org_id: str, member_id: str) -> str:
    return f"{_PREFIX}{org_id}#{member_id}"


def open_invitation_write(msp_id: str, org_id: str, member_id: str, email: str) -> Write:
    item = OpenInvite(
        address_pk(email), invite_sk(org_id, member_id), msp_id=msp_id, org_id=org_id, member_id=member_id
    )
    return Write("put", item)


def close_invitation_write(org_id: str, member_id: str, email: str) -> Write:
    return Write("delete", OpenInvite(address_pk(email), invite_sk(org_id, member_id)))


def invited_at(email: str, limit: int, after: str | None) -> Page[OpenInvite]:
    """Where this address was invited, whether or not the invitation is still open."""
    return table.query(OpenInvite, address_pk(email), prefix=_PREFIX, limit=limit, after=after, consistent=True)
