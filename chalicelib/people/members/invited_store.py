"""At which address a member was invited: by it, a person finds invitations in all organizations."""

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.core.paging import Page
from chalicelib.people.members.models import INVITES_PREFIX, OpenInvite, address_pk, invite_sk


def open_invitation_write(msp_id: str, org_id: str, member_id: str, email: str) -> Write:
    item = OpenInvite(
        address_pk(email), invite_sk(org_id, member_id), msp_id=msp_id, org_id=org_id, member_id=member_id
    )
    return Write("put", item)


def close_invitation_write(org_id: str, member_id: str, email: str) -> Write:
    return Write("delete", OpenInvite(address_pk(email), invite_sk(org_id, member_id)))


def invited_at(email: str, limit: int, after: str | None) -> Page[OpenInvite]:
    """Where this address was invited, whether or not the invitation is still open."""
    return table.query(OpenInvite, address_pk(email), prefix=INVITES_PREFIX, limit=limit, after=after, consistent=True)
