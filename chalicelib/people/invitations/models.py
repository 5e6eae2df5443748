"""Items of invitations. The invitation itself is on the member (people/members/models.py)."""

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.aws.table import CoreItem, OutboxItem
from chalicelib.core.text import normalized


class OpenInvite(CoreItem):
    """`EMAIL#<normalized address>` / `INVITE#o#m`: somebody with this address is invited there.

    What finds a person's invitations in all organizations; gone once it is answered or cancelled.
    """

    msp_id = UnicodeAttribute()
    org_id = UnicodeAttribute()
    member_id = UnicodeAttribute()


def address_pk(email: str) -> str:
    return f"EMAIL#{normalized(email)}"


INVITES_PREFIX = "INVITE#"


def invite_sk(org_id: str, member_id: str) -> str:
    return f"{INVITES_PREFIX}{org_id}#{member_id}"


class Wave(OutboxItem):
    """`WAVE#<id>` / `WAVE`: invitations whose mails go out later, as invitation by member."""

    msp_id = UnicodeAttribute()
    org_id = UnicodeAttribute()
    notify_at = UnicodeAttribute()
    invites = JSONAttribute()
    ttl = NumberAttribute()


WAVE_SK = "WAVE"


def wave_pk(wave_id: str) -> str:
    return f"WAVE#{wave_id}"


class MoveProof(OutboxItem):
    """`MOVE#<hash of a secret>` / `MOVE`: who holds an invitation's link has logged in under another address."""

    org_id = UnicodeAttribute()
    member_id = UnicodeAttribute()
    invite_id = UnicodeAttribute()
    account_id = UnicodeAttribute()
    email = UnicodeAttribute()
    expires_at = UnicodeAttribute()
    ttl = NumberAttribute()


MOVE_SK = "MOVE"


def move_pk(hashed: str) -> str:
    return f"MOVE#{hashed}"
