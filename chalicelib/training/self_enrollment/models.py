"""Items of self-enrollment: courses on one's own account, and offers of their progress to an organization."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.aws.items import CoreItem
from chalicelib.aws.table import Ref
from chalicelib.core.ids import derived_id
from chalicelib.tenants.access.models import account_pk, org_pk
from chalicelib.training.batches.models import Enrollment, enrollment_sk

# Stands for the organization in the id of a self-enrollment. No organization has such an id.
SELF_ENROLLED = "own"


def self_enrollments_pk(account_id: str) -> str:
    """The partition of an account's self-enrollments, in the table of all enrollments; sort keys are as elsewhere."""
    return account_pk(account_id)


def self_enrollment_ref(account_id: str, course_id: str) -> Ref[Enrollment]:
    return Ref(Enrollment, self_enrollments_pk(account_id), enrollment_sk(course_id))


class Offer(CoreItem):
    """`ORG#o#OFFERS#<member>` / `OFFER#<id>`: progress of a self-enrollment, offered to the organization."""

    offer_id = UnicodeAttribute()
    account_id = UnicodeAttribute()
    # The organization's course. Where that is the twin of another MSP's, the one that the person took, and whose it is.
    course_id = UnicodeAttribute()
    own_course_id = UnicodeAttribute(null=True)
    provider = UnicodeAttribute(null=True)
    title = UnicodeAttribute()
    offered_at = UnicodeAttribute()
    accepted_at = UnicodeAttribute(null=True)

    @property
    def own_course(self) -> str:
        return str(self.own_course_id or self.course_id)


def offers_pk(org_id: str, member_id: str) -> str:
    return f"{org_pk(org_id)}#OFFERS#{member_id}"


def offer_sk(offer_id: str) -> str:
    return f"OFFER#{offer_id}"


def offer_id_of(member_id: str, course_id: str) -> str:
    """A course is offered to an organization once."""
    return derived_id(member_id, "offer", course_id)
