"""Items of invitations. The invitation itself is on the member (people/members/models.py)."""

from pynamodb.attributes import BooleanAttribute, JSONAttribute, ListAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.aws.items import CoreItem, OutboxItem
from chalicelib.aws.table import Ref
from chalicelib.tenants.access.models import org_pk


class ScheduledSend(OutboxItem):
    """`WAVE#<id>` / `WAVE`: invitations whose mails go out later, as invitation ids by member id."""

    msp_id = UnicodeAttribute()
    org_id = UnicodeAttribute()
    notify_at = UnicodeAttribute()
    invites = JSONAttribute()
    ttl = NumberAttribute()


SCHEDULED_SEND_SK = "WAVE"


def scheduled_send_pk(send_id: str) -> str:
    return f"WAVE#{send_id}"


class StepTicket(OutboxItem):
    """`STEP#<hash of a secret>` / `STEP`: what a step of accepting hands to the next (step_tickets.py)."""

    PERSONAL = frozenset({"step"})

    org_id = UnicodeAttribute()
    member_id = UnicodeAttribute()
    invite_id = UnicodeAttribute()
    step = JSONAttribute()
    expires_at = UnicodeAttribute()
    ttl = NumberAttribute()


TICKET_SK = "STEP"


def ticket_pk(secret_hash: str) -> str:
    return f"STEP#{secret_hash}"


class Registering(OutboxItem):
    """`REGISTERING#<invitation>` / `LATEST`: the latest registration begun here; who comes back goes on with it."""

    registration_id = UnicodeAttribute()
    ttl = NumberAttribute()


REGISTERING_SK = "LATEST"


def registering_pk(invite_id: str) -> str:
    return f"REGISTERING#{invite_id}"


class RenewedLink(OutboxItem):
    """`RENEWED#<hash of the old link's secret>` / `RENEWED`: this expired link was replaced at its holder's request.

    A second press on the same button, or a reload, is answered as the first was.
    """

    org_id = UnicodeAttribute()
    member_id = UnicodeAttribute()
    ttl = NumberAttribute()


RENEWED_SK = "RENEWED"


def renewed_pk(secret_hash: str) -> str:
    return f"RENEWED#{secret_hash}"


class JoinPage(CoreItem):
    """`ORG#o` / `JOIN_PAGE`: its switch, its address, and the domains that may join. `revision` guards every change."""

    enabled = BooleanAttribute(default=False)
    slug = UnicodeAttribute(null=True)
    # As the DNS writes them: lower case, in ASCII. Empty: any domain.
    allowed_domains: ListAttribute[str] = ListAttribute(default=list)
    revision = NumberAttribute(default=0)


JOIN_PAGE_SK = "JOIN_PAGE"


def join_page_ref(org_id: str) -> Ref[JoinPage]:
    return Ref(JoinPage, org_pk(org_id), JOIN_PAGE_SK)
