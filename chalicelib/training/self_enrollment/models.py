"""Courses that people take on their own account, and what of it they offer to an organization."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.aws.table import CoreItem
from chalicelib.core.ids import derived_id
from chalicelib.tenants.access.models import account_pk, org_pk

# In place of the organization in the id of an enrollment of one's own. No organization's id reads like it.
SELF_ENROLLED = "own"


def self_enrollments_pk(account_id: str) -> str:
    """The partition of one's own enrollments, in the table of all enrollments; their sort keys are as elsewhere."""
    return account_pk(account_id)


class Offer(CoreItem):
    """`ORG#o#OFFERS#<member>` / `OFFER#<id>`: progress of one's own that a member offers to the organization."""

    offer_id = UnicodeAttribute()
    account_id = UnicodeAttribute()
    course_id = UnicodeAttribute()
    title = UnicodeAttribute()
    offered_at = UnicodeAttribute()
    accepted_at = UnicodeAttribute(null=True)


def offers_pk(org_id: str, member_id: str) -> str:
    return f"{org_pk(org_id)}#OFFERS#{member_id}"


def offer_sk(offer_id: str) -> str:
    return f"OFFER#{offer_id}"


def offer_id_of(member_id: str, course_id: str) -> str:
    """A course is offered to an organization once."""
    return derived_id(member_id, "offer", course_id)
