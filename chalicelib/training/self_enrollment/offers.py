"""Progress of one's own, offered to an organization that one has joined, and accepted there."""

from datetime import datetime

from chalicelib.aws import table
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, Conflict, FieldError, Invalid, NotFound, Unavailable
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.models import AccountEntry, org_pk
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.courses import store as catalog_store
from chalicelib.tenants.organizations.seat_store import seat_limit
from chalicelib.training.batches import enrollment_store as learner_store
from chalicelib.training.batches.explanations import explain
from chalicelib.training.batches.models import Enrollment, course_sk
from chalicelib.training.batches.states import LIVE, Code, EnrollmentStatus
from chalicelib.training.self_enrollment import store as own_store
from chalicelib.training.self_enrollment.models import Offer, offer_id_of, offer_sk, offers_pk
from chalicelib.training.self_enrollment.schemas import OfferOut, OfferPage
from chalicelib.training.self_enrollment.store import LIMIT, MEMBER, OFFER, SEAT
from chalicelib.web.paging import Pager

_TRIES = 5


def offer(account_id: str, course_id: str, org_id: str, now: datetime) -> OfferOut:
    """Once per organization: offering again answers the same.

    Raises NotFound, Invalid for an organization that one is not an active member of or that has not this course,
    Conflict while nothing was begun.
    """
    mine = own_store.own(account_id, course_id)
    if mine is None:
        raise NotFound()
    membership = _membership(account_id, org_id)
    if mine.status not in (EnrollmentStatus.IN_PROGRESS, EnrollmentStatus.COMPLETED):
        raise Conflict("not_started", "Start the course first; then there is progress to offer.")
    if membership is None or membership.msp_id != mine.msp_id:
        raise _not_for_you()
    member_id = str(membership.member_id)
    course = catalog_store.course(str(mine.msp_id), course_id)
    offer_id = offer_id_of(member_id, course_id)
    made = Offer(
        offers_pk(org_id, member_id),
        offer_sk(offer_id),
        offer_id=offer_id,
        account_id=account_id,
        course_id=course_id,
        title=course.title if course else "",
        offered_at=to_text(now),
    )
    try:
        table.transact([table.put_new(made), own_store.active_check(org_id, member_id)])
    except ConditionFailed as error:
        known = own_store.offer(org_id, member_id, offer_id)
        if known is None or 0 not in error.failed:
            raise _not_for_you() from None
        made = known
    return _out(made, mine)


def open_offers(scope: Scope, member_id: str, pager: Pager) -> OfferPage:
    page = own_store.offers(scope.org, member_id, pager.limit, pager.position)
    offers = [made for made in page.items if made.accepted_at is None]
    mine = own_store.owns_of([(made.account_id, made.course_id) for made in offers]) if offers else {}
    items = [
        _out(made, mine[made.account_id, made.course_id])
        for made in offers
        if (made.account_id, made.course_id) in mine
    ]
    return OfferPage(items=items, next_cursor=pager.cursor(page.next_position))


def accept(scope: Scope, member_id: str, offer_id: str, now: datetime) -> OfferOut:
    """The progress becomes their enrollment here, as it then is. Accepting again does nothing more.

    Raises NotFound, and Conflict for who holds or completed the course here, without access or a seat for it, or
    for who is not active.
    """
    full_at: int | None = None
    for _ in range(_TRIES):
        made = own_store.offer(scope.org, member_id, offer_id)
        mine = own_store.own(made.account_id, made.course_id) if made else None
        if made is None or mine is None:
            raise NotFound("There is no such offer")
        if made.accepted_at is not None:
            return _out(made, mine)
        there = learner_store.enrollment(scope.org, member_id, course_sk(made.course_id))
        if there is not None and there.carried_at:
            # Perhaps by this very offer, which another admin accepted since it was read.
            made = own_store.offer(scope.org, member_id, offer_id) or made
            if made.accepted_at is not None:
                continue
        _refuse_held(there)
        limit = seat_limit(scope.org, made.course_id)
        if limit is None:
            raise _refused(Code.ACCESS_DENIED)
        if limit and limit == full_at:
            raise _refused(Code.NO_SEAT)
        told = AuditEntry(
            scope.account_id, "progress.carried_over", f"member/{member_id}/course/{made.course_id}",
            after={"status": mine.status, "completed_at": mine.completed_at, "score": mine.score},
        )  # fmt: skip
        writes = own_store.accept_writes(scope.org, member_id, made, mine, there, limit, now)
        try:
            audit.commit(org_pk(scope.org), told, writes, now)
        except ConditionFailed as error:
            if MEMBER in error.failed:
                raise Conflict("not_active", "This person is not an active member any more.") from None
            is_full = SEAT in error.failed and LIMIT not in error.failed and OFFER not in error.failed
            full_at = limit if is_full else None
    raise Unavailable()


def _membership(account_id: str, org_id: str) -> AccountEntry | None:
    entries = access.entries(account_id)
    return next((entry for entry in entries if entry.member_id and entry.org_id == org_id), None)


def _refuse_held(there: Enrollment | None) -> None:
    if there is not None and there.status in LIVE:
        raise _refused(Code.ALREADY_ENROLLED)
    if there is not None and there.status == EnrollmentStatus.COMPLETED:
        raise _refused(Code.ALREADY_COMPLETED)


def _refused(code: Code) -> Conflict:
    return Conflict(code.value, explain(code).sentence)


def _not_for_you() -> Invalid:
    problem = "You are no active member of an organization of this id that uses this library."
    return Invalid(FieldError("org_id", "not_a_member", problem))


def _out(made: Offer, mine: Enrollment) -> OfferOut:
    return OfferOut(
        offer_id=made.offer_id,
        course_id=made.course_id,
        title=made.title,
        status=EnrollmentStatus(mine.status),
        started_at=mine.started_at,
        completed_at=mine.completed_at,
        score=int(mine.score) if mine.score is not None else None,
        offered_at=made.offered_at,
        accepted_at=made.accepted_at,
    )
