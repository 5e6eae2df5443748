"""Progress of a self-enrollment, offered to an organization that the person is a member of, and accepted there."""

from datetime import datetime
from typing import Any

from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, Conflict, FieldError, Invalid, NotFound, Unavailable
from chalicelib.people.members.changes import member_of
from chalicelib.people.members.reach import place_writes
from chalicelib.people.members.states import MemberStatus
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.models import AccountEntry, org_pk
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.courses import store as courses_store
from chalicelib.tenants.courses.twins import twin_of
from chalicelib.tenants.organizations.seat_store import seat_limit
from chalicelib.training.batches import enrollment_store
from chalicelib.training.batches.explanations import explain
from chalicelib.training.batches.models import Enrollment, enrollment_sk
from chalicelib.training.batches.states import Code, EnrollmentStatus
from chalicelib.training.self_enrollment import store
from chalicelib.training.self_enrollment.models import Offer, offer_id_of, offer_sk, offers_pk
from chalicelib.training.self_enrollment.schemas import OfferOut, OfferPage
from chalicelib.training.self_enrollment.store import LIMIT, MEMBER, OFFER, SEAT
from chalicelib.web.paging import Pager

_TRIES = 5


def offer(account_id: str, course_id: str, org_id: str, now: datetime) -> OfferOut:
    """Once per organization: offering again answers the same. To a client of another MSP goes the course's twin there.

    Raises NotFound; Invalid when the person is no active member of the organization, or its MSP has no such course;
    Conflict while the course is not started.
    """
    own = store.enrollment(account_id, course_id)
    if own is None:
        raise NotFound()
    membership = _membership(account_id, org_id)
    if own.status not in (EnrollmentStatus.IN_PROGRESS, EnrollmentStatus.COMPLETED):
        raise Conflict("not_started", "Start the course first. Then you can offer your progress.")
    if membership is None:
        raise _not_a_member()
    member_id = str(membership.member_id)
    offer_id = offer_id_of(member_id, course_id)
    new_offer = Offer(
        offers_pk(org_id, member_id),
        offer_sk(offer_id),
        offer_id=offer_id,
        account_id=account_id,
        **_course_there(own, str(membership.msp_id)),
        offered_at=to_text(now),
    )
    try:
        store.create_offer(org_id, member_id, new_offer)
    except ConditionFailed as error:
        existing = store.offer(org_id, member_id, offer_id)
        if existing is None or 0 not in error.failed:
            raise _not_a_member() from None
        return _out(existing, own)
    return _out(new_offer, own)


def _course_there(own: Enrollment, msp_id: str) -> dict[str, Any]:
    """The course of an offer to a client of this MSP. Raises Invalid when the MSP has no such course."""
    course = courses_store.course(str(own.msp_id), own.course_id)
    if own.msp_id == msp_id:
        return {"course_id": own.course_id, "title": course.title if course else ""}
    twin = twin_of(course, msp_id) if course else None
    if course is None or twin is None:
        problem = "This organization has no course with the same title or link."
        raise Invalid(FieldError("org_id", "no_such_course", problem))
    provider = courses_store.providers([course]).get(course.pk, "")
    return {"course_id": twin.course_id, "title": twin.title, "own_course_id": own.course_id, "provider": provider}


def open_offers(scope: Scope, member_id: str, pager: Pager) -> OfferPage:
    """Those that nobody has accepted yet."""
    page = store.offers(scope.org, member_id, pager.limit, pager.position)
    open_ = [offer for offer in page.items if offer.accepted_at is None]
    items = [_out(offer, own) for offer, own in store.with_enrollments(open_)]
    return OfferPage(items=items, next_cursor=pager.cursor(page.next_position))


def accept(scope: Scope, member_id: str, offer_id: str, now: datetime) -> OfferOut:
    """The progress as it is becomes an enrollment of the member, or joins the one that they have.

    Progress of either is progress of both from then on. Accepting again does nothing more. Raises NotFound; Conflict
    when the organization has no access to the course or no seat, and when the member is not active.
    """
    full_at: int | None = None
    for _ in range(_TRIES):
        offer = store.offer(scope.org, member_id, offer_id)
        own = store.enrollment(offer.account_id, offer.own_course) if offer else None
        if offer is None or own is None:
            raise NotFound("There is no such offer")
        if offer.accepted_at is not None:
            return _out(offer, own)
        existing = enrollment_store.enrollment(scope.org, member_id, enrollment_sk(offer.course_id))
        is_joined = existing is not None and existing.status != EnrollmentStatus.CANCELLED
        limit = seat_limit(scope.org, offer.course_id) if not is_joined else 0
        if limit is None:
            raise _refused(Code.ACCESS_DENIED)
        if limit and limit == full_at:
            raise _refused(Code.NO_SEAT)
        audit_entry = AuditEntry(
            scope.account_id, "progress.carried_over", f"member/{member_id}/course/{offer.course_id}",
            before={"status": existing.status} if is_joined and existing else None,
            after={"status": own.status, "completed_at": own.completed_at, "score": own.score},
        )  # fmt: skip
        limited = None if scope.department_ids is None else member_of(scope.org, member_id)
        writes = store.accept_writes(scope.org, member_id, offer, own, existing, limit, now, as_read=limited)
        # Who is limited to departments accepts for who is there still.
        writes += place_writes(scope, limited.department_id) if limited else []
        try:
            audit.commit(org_pk(scope.org), audit_entry, writes, now)
        except ConditionFailed as error:
            if MEMBER in error.failed and (limited is None or _is_gone(scope.org, member_id)):
                raise Conflict("not_active", "This person is no longer an active member.") from None
            is_full = not is_joined and SEAT in error.failed and not {LIMIT, OFFER} & set(error.failed)
            full_at = limit if is_full else None
    raise Unavailable()


def _is_gone(org_id: str, member_id: str) -> bool:
    return bool(member_of(org_id, member_id).status != MemberStatus.ACTIVE)


def _membership(account_id: str, org_id: str) -> AccountEntry | None:
    entries = access.entries(account_id)
    return next((entry for entry in entries if entry.member_id and entry.org_id == org_id), None)


def _refused(code: Code) -> Conflict:
    return Conflict(code.value, explain(code).sentence)


def _not_a_member() -> Invalid:
    problem = "You are not an active member of this organization."
    return Invalid(FieldError("org_id", "not_a_member", problem))


def _out(offer: Offer, own: Enrollment) -> OfferOut:
    return OfferOut(
        offer_id=offer.offer_id,
        course_id=offer.course_id,
        title=offer.title,
        status=EnrollmentStatus(own.status),
        started_at=own.started_at,
        completed_at=own.completed_at,
        score=int(own.score) if own.score is not None else None,
        offered_at=offer.offered_at,
        accepted_at=offer.accepted_at,
        provider=offer.provider,
    )
