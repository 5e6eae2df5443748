"""Reads and writes of self-enrollments, and of offers."""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.aws import table
from chalicelib.aws.table import Write, put_new
from chalicelib.core.clock import to_text
from chalicelib.core.ids import new_id
from chalicelib.core.paging import Page
from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import Member
from chalicelib.tenants.courses.models import course_ref
from chalicelib.tenants.organizations.seat_store import reserve_writes
from chalicelib.training.batches.models import Enrollment, enrollment_sk, history_sk, learner_pk
from chalicelib.training.batches.states import EnrollmentStatus
from chalicelib.training.progress.store import Values, is_further, news, one_with, together
from chalicelib.training.self_enrollment.models import (
    Offer,
    offer_sk,
    offers_pk,
    self_enrollment_ref,
    self_enrollments_pk,
)

# Positions in the transaction that accepts an offer; the last two are those of an enrollment that is new.
OFFER, MEMBER, SEAT, LIMIT = 0, 1, 2, 3


def enrollment(account_id: str, course_id: str) -> Enrollment | None:
    return table.get(Enrollment, self_enrollments_pk(account_id), enrollment_sk(course_id))


def enrollments(account_id: str, limit: int, after: str | None) -> Page[Enrollment]:
    return table.query(
        Enrollment, self_enrollments_pk(account_id), prefix=enrollment_sk(""), limit=limit, after=after, consistent=True
    )


def titles(enrollments: Sequence[Enrollment]) -> dict[str, str]:
    """By course id, over the libraries of several MSPs."""
    refs = {course_ref(str(enrollment.msp_id), enrollment.course_id) for enrollment in enrollments}
    return {course.course_id: course.title for course in table.fetch_all(refs, consistent=False)}


def create(enrollment: Enrollment) -> None:
    """ConditionFailed when the course was taken before."""
    table.transact([put_new(enrollment)])


def offer(org_id: str, member_id: str, offer_id: str) -> Offer | None:
    return table.get(Offer, offers_pk(org_id, member_id), offer_sk(offer_id))


def offers(org_id: str, member_id: str, limit: int, after: str | None) -> Page[Offer]:
    return table.query(Offer, offers_pk(org_id, member_id), limit=limit, after=after, consistent=True)


def with_enrollments(offers: Sequence[Offer]) -> list[tuple[Offer, Enrollment]]:
    """Each offer with the self-enrollment that it is about, if that exists."""
    refs = {offer.offer_id: self_enrollment_ref(offer.account_id, offer.own_course) for offer in offers}
    found = table.fetch_mixed(refs.values())
    pairs = ((offer, found.get(refs[offer.offer_id])) for offer in offers)
    return [(offer, enrollment) for offer, enrollment in pairs if enrollment is not None]


def create_offer(org_id: str, member_id: str, offer: Offer) -> None:
    """ConditionFailed with index 0 when it was offered before, 1 when the member is not active."""
    table.transact([put_new(offer), members_store.active_check(org_id, member_id)])


def accept_writes(
    org_id: str,
    member_id: str,
    offer: Offer,
    own: Enrollment,
    existing: Enrollment | None,
    limit: int,
    now: datetime,
    *,
    as_read: Member | None = None,
) -> list[Write]:
    """The progress of `own` becomes an enrollment of the member, in place of one that was cancelled.

    With a live or completed one it is joined, at no other seat: both then have the further progress of the two. Either
    way they are one from then on.

    ConditionFailed with the positions above: accepted before, not active, no seat free, another limit; or a later one
    when either enrollment changed since it was read. With `as_read`, not active or changed since.
    """
    accepted = (Offer.accepted_at.set(to_text(now)),)
    writes = [
        Write("update", Offer(offer.pk, offer.sk), Offer.accepted_at.does_not_exist(), accepted),
        members_store.active_check(org_id, member_id, as_read),
    ]
    carried_to = {"carried_to": sorted({*(own.carried_to or ()), org_id})}
    if existing is not None and existing.status != EnrollmentStatus.CANCELLED:
        return [*writes, *_joined(own, {**carried_to, **_naming(own, existing)}, existing, _naming(existing, own))]
    carried = Enrollment(
        learner_pk(org_id, member_id),
        enrollment_sk(offer.course_id),
        status=own.status,
        enrolled_at=own.enrolled_at,
        started_at=own.started_at,
        completed_at=own.completed_at,
        score=own.score,
        carried_at=to_text(now),
        one_with=[own.link],
        revision=existing.revision + 1 if existing else 1,
    )
    writes += [
        *reserve_writes(org_id, offer.course_id, 1, limit),
        *together([(own, {**carried_to, **_naming(own, carried)})]),
    ]
    if existing is None:
        return [*writes, put_new(carried)]
    kept = Enrollment.from_raw_data(existing.serialize())
    kept.sk = history_sk(offer.course_id, new_id(now))
    return [*writes, Write("put", carried, Enrollment.revision == existing.revision), put_new(kept)]


def _joined(own: Enrollment, of_own: Values, there: Enrollment, of_there: Values) -> list[Write]:
    """The further one gives its progress to the other, and to all that either is one with already."""
    further = there if is_further(there, own) else own
    changes = {own.link: of_own, there.link: of_there}
    everyone = [own, there, *one_with(own, there)]
    for one in everyone:
        if is_further(further, one):
            changes[one.link] = {**news(one, further, {"status": further.status}), **changes.get(one.link, {})}
    return together((one, changes.get(one.link, {})) for one in everyone)


def _naming(one: Enrollment, other: Enrollment) -> Values:
    return {"one_with": sorted({*(one.one_with or ()), other.link})}
