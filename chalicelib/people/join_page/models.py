"""Items of the join page."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.aws.items import CoreItem
from chalicelib.people.accounts.models import CodedRequest


class JoinSlug(CoreItem):
    """`JOIN#<slug>` / `A#ORG`: the organization whose join page has this address."""

    msp_id = UnicodeAttribute()
    org_id = UnicodeAttribute()


SLUG_SK = "A#ORG"


def slug_pk(slug: str) -> str:
    return f"JOIN#{slug}"


class JoinRequest(CodedRequest):
    """`JOIN_REQUEST#<id>` / `REQUEST`: somebody filled in the page; the code proves the address.

    `joined_at`: the code was entered. It may be entered again, in case the answer was lost.
    """

    PERSONAL = frozenset({"email"})

    request_id = UnicodeAttribute()
    msp_id = UnicodeAttribute()
    org_id = UnicodeAttribute()
    email = UnicodeAttribute()
    group_id = UnicodeAttribute()
    location_id = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()
    joined_at = UnicodeAttribute(null=True)
    # With the code it makes the secret of the invitation's link: entered twice, the code leads to one link.
    link_seed = UnicodeAttribute(null=True)
    ttl = NumberAttribute()


REQUEST_SK = "REQUEST"


def request_pk(request_id: str) -> str:
    return f"JOIN_REQUEST#{request_id}"
