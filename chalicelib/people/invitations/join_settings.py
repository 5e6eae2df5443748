"""Who may come in: what an organization's settings say about every accepted invitation."""

from chalicelib.core.addresses import shown, understood
from chalicelib.core.errors import Conflict
from chalicelib.people.invitations.store import join_page
from chalicelib.tenants.organizations import lookups
from chalicelib.tenants.organizations.models import Org

# What being closed means for whoever would come in.
CLOSED_SO = "nobody can be invited or join"


def refuse_closed(org: Org) -> None:
    """Raises Conflict when the organization was closed: nobody comes in until it is open again."""
    lookups.refuse_closed(org, CLOSED_SO)


def refuse_other_domain(org_id: str, email: str) -> None:
    """Raises Conflict when the organization takes addresses of certain domains only, and this is none of them."""
    domains = list(join_page(org_id).allowed_domains)
    domain = understood(email).rpartition("@")[2]
    if domains and domain not in domains:
        problem = f"{shown(email)} can't be used here. This organization only accepts addresses of certain domains."
        raise Conflict("domain_not_allowed", f"{problem} Log in with the address that was invited.")
