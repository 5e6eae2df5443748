"""HTTP: courses on one's own account, and offers of their progress to an organization."""

from typing import Any

from chalicelib.core.errors import Conflict
from chalicelib.people.members import service as directory
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.training.progress.schemas import EnrollmentOut
from chalicelib.training.self_enrollment import offers
from chalicelib.training.self_enrollment import progress as self_enrollment
from chalicelib.training.self_enrollment.progress import self_enrolled_course
from chalicelib.training.self_enrollment.schemas import OfferOut, OfferPage, OfferTo, TakeCourse
from chalicelib.web.idempotency import idempotent
from chalicelib.web.paging import PageQuery, Pager
from chalicelib.web.routing import Call, Empty, Routes

routes = Routes("Learners", __name__)

_CARRY_OVER = "/orgs/{org_id}/members/{member_id}/carry-over"


@routes.add(
    "POST", "/me/courses", summary="Take a course on my own", body=TakeCourse, answer=EnrollmentOut,
    status=201, idempotent=True,
)  # fmt: skip
def take_course(call: Call[TakeCourse, Empty]) -> EnrollmentOut:
    """One of the library, without an organization. Start and complete it as any other."""
    return idempotent(
        call, EnrollmentOut, lambda seed: self_enrollment.take(call.account_id, call.body.course_id, seed, call.now)
    )


@routes.add(
    "POST", "/me/courses/{enrollment_id}/offer", summary="Offer my progress", body=OfferTo, answer=OfferOut,
    idempotent=True,
)  # fmt: skip
def offer_progress(call: Call[OfferTo, Empty]) -> OfferOut:
    """To an organization that I am an active member of, once. An admin there accepts it."""
    course_id = self_enrolled_course(call.account_id, call.params["enrollment_id"])
    if course_id is None:
        raise Conflict("not_your_own", "You can only offer courses that you took on your own account.")
    return idempotent(call, OfferOut, lambda seed: offers.offer(call.account_id, course_id, call.body.org_id, call.now))


@routes.add(
    "GET",
    _CARRY_OVER,
    summary="Progress offered",
    answer=OfferPage,
    query=PageQuery,
    needs=Permission.RESULTS,
    limited=True,
)
def list_offers(call: Call[Empty, PageQuery]) -> OfferPage:
    """What the member offered and nobody has accepted yet."""
    return offers.open_offers(_scope(call), call.params["member_id"], Pager.of(call))


@routes.add(
    "POST",
    _CARRY_OVER + "/{offer_id}/accept",
    summary="Accept offered progress",
    answer=OfferOut,
    idempotent=True,
    needs=Permission.RESULTS,
    limited=True,
)
def accept_offer(call: Call[Empty, Empty]) -> OfferOut:
    """It becomes the member's enrollment here, with its dates, and takes a seat. Accepting again does nothing more."""
    scope, params = _scope(call), call.params
    return idempotent(
        call, OfferOut, lambda seed: offers.accept(scope, params["member_id"], params["offer_id"], call.now)
    )


def _scope(call: Call[Any, Any]) -> Scope:
    org_id, member_id = call.params["org_id"], call.params["member_id"]
    path = directory.department_path_of(org_id, member_id)
    scope = access.org(call.account_id, org_id, call.needs, path)
    directory.member(scope, member_id, call.now)
    return scope
