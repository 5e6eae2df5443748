"""Items of the join page."""

from pynamodb.attributes import BooleanAttribute, ListAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.aws.table import CoreItem, OutboxItem


class JoinPage(CoreItem):
    """`ORG#o` / `JOIN_PAGE`: its switch, its address, and whose mailboxes may join. `revision` guards every change."""

    enabled = BooleanAttribute(default=False)
    slug = UnicodeAttribute(null=True)
    # As the DNS writes them: lower case, in ASCII. Empty for anybody.
    allowed_domains: ListAttribute[str] = ListAttribute(default=list)
    revision = NumberAttribute(default=0)


JOIN_PAGE_SK = "JOIN_PAGE"


class JoinSlug(CoreItem):
    """`JOIN#<slug>` / `A#ORG`: whose join page lies at this address."""

    msp_id = UnicodeAttribute()
    org_id = UnicodeAttribute()


SLUG_SK = "A#ORG"


def slug_pk(slug: str) -> str:
    return f"JOIN#{slug}"


class JoinRequest(OutboxItem):
    """`JOIN_REQUEST#<id>` / `REQUEST`: somebody filled in the page; whether the address is theirs, the code will tell.

    The hash is absent until the mail with the code was written. `joined_at`: the code was entered, and may be again,
    should the answer have been lost.
    """

    request_id = UnicodeAttribute()
    msp_id = UnicodeAttribute()
    org_id = UnicodeAttribute()
    email = UnicodeAttribute()
    group_id = UnicodeAttribute()
    location_id = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()
    code_hash = UnicodeAttribute(null=True)
    code_expires_at = UnicodeAttribute(null=True)
    num_tries = NumberAttribute(default=0)
    joined_at = UnicodeAttribute(null=True)
    ttl = NumberAttribute()


REQUEST_SK = "REQUEST"


def request_pk(request_id: str) -> str:
    return f"JOIN_REQUEST#{request_id}"
