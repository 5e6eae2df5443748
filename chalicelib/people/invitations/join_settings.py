"""The settings of an organization's join page: kept here because its allow list holds for every accepted address."""

from pynamodb.attributes import BooleanAttribute, ListAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.aws import table
from chalicelib.aws.items import CoreItem
from chalicelib.aws.table import Ref
from chalicelib.core.addresses import shown, understood
from chalicelib.core.errors import Conflict
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.organizations.models import Org


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


def join_page(org_id: str) -> JoinPage:
    """Off, and without an address, if it was never set."""
    page = table.get(JoinPage, org_pk(org_id), JOIN_PAGE_SK)
    return page or JoinPage(org_pk(org_id), JOIN_PAGE_SK, enabled=False, allowed_domains=[], revision=0)


def refuse_closed(org: Org) -> None:
    """Raises Conflict when the organization was closed: nobody comes in until it is open again."""
    if org.closed_at:
        raise Conflict("client_closed", f"{org.name} is closed, so nobody can be invited or join.")


def refuse_other_domain(org_id: str, email: str) -> None:
    """Raises Conflict when the organization takes addresses of certain domains only, and this is none of them."""
    domains = list(join_page(org_id).allowed_domains)
    domain = understood(email).rpartition("@")[2]
    if domains and domain not in domains:
        problem = f"{shown(email)} cannot be used here: this organization takes addresses of certain domains only."
        raise Conflict("domain_not_allowed", f"{problem} Log in with the address that was invited.")
