"""Reads and writes of one's own enrollments, and of offers."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from chalicelib.aws import table
from chalicelib.aws.table import Action, Write, put_new
from chalicelib.core.clock import to_text
from chalicelib.core.ids import new_id
from chalicelib.core.paging import Page
from chalicelib.people.members.models import Member, member_sk, members_pk
from chalicelib.people.members.states import MemberStatus
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.courses.models import Course, courses_pk
from chalicelib.tenants.courses.models import course_sk as library_sk
from chalicelib.tenants.organizations.models import ENTITLEMENTS_SK, Entitlements
from chalicelib.tenants.organizations.revision_store import bump_revision
from chalicelib.tenants.organizations.seat_store import count_write, take_write
from chalicelib.training.batches.models import Enrollment, course_sk, history_sk, learner_pk
from chalicelib.training.self_enrollment.models import Offer, offer_sk, offers_pk, own_pk

# Where in the transaction that accepts an offer what is looked at.
OFFER, SEAT, LIMIT, MEMBER = 0, 1, 2, 3


def own(account_id: str, course_id: str) -> Enrollment | None:
    return table.get(Enrollment, own_pk(account_id), course_sk(course_id))


def owns(account_id: str, limit: int, after: str | None) -> Page[Enrollment]:
    return table.query(Enrollment, own_pk(account_id), limit=limit, after=after, consistent=True)


def owns_of(keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Enrollment]:
    """Those of (account, course)."""
    by_key = {(own_pk(account_id), course_sk(course_id)): (account_id, course_id) for account_id, course_id in keys}
    found = table.batch_get([(Enrollment, *key) for key in by_key])
    return {by_key[key]: item for key, item in found.items() if isinstance(item, Enrollment)}


def titles(enrollments: Sequence[Enrollment]) -> dict[str, str]:
    """By course id, over the libraries of several MSPs."""
    keys = {(courses_pk(str(one.msp_id)), library_sk(one.sk.split("#")[1])) for one in enrollments}
    found = table.batch_get([(Course, *key) for key in keys], consistent=False)
    return {item.course_id: item.title for item in found.values() if isinstance(item, Course)}


def change_write(old: Enrollment, actions: Sequence[Action]) -> Write:
    """ConditionFailed when it changed since it was read."""
    changed = (*actions, Enrollment.revision.add(1))
    return Write("update", Enrollment(old.pk, old.sk), Enrollment.revision == old.revision, changed)


def offer(org_id: str, member_id: str, offer_id: str) -> Offer | None:
    return table.get(Offer, offers_pk(org_id, member_id), offer_sk(offer_id))


def offers(org_id: str, member_id: str, limit: int, after: str | None) -> Page[Offer]:
    return table.query(Offer, offers_pk(org_id, member_id), limit=limit, after=after, consistent=True)


def active_check(org_id: str, member_id: str) -> Write:
    member = Member(members_pk(org_id), member_sk(member_id))
    return Write("check", member, Member.status == MemberStatus.ACTIVE.value)


def accept_writes(
    org_id: str, member_id: str, made: Offer, mine: Enrollment, there: Enrollment | None, limit: int, now: datetime
) -> list[Write]:
    """The progress as it is becomes an enrollment of the member, in place of one that was cancelled.

    ConditionFailed with the indexes above: accepted before, no seat, another limit, not active; or a later one when
    either enrollment changed since it was read.
    """
    course_id = made.course_id
    seats: Any = Entitlements.seats_by_course[course_id]
    accepted = (Offer.accepted_at.set(to_text(now)),)
    new = Enrollment(
        learner_pk(org_id, member_id),
        course_sk(course_id),
        status=mine.status,
        enrolled_at=mine.enrolled_at,
        started_at=mine.started_at,
        completed_at=mine.completed_at,
        score=mine.score,
        carried_at=to_text(now),
        revision=there.revision + 1 if there else 1,
    )
    carried = sorted({*(mine.carried_to or ()), org_id})
    writes = [
        Write("update", Offer(made.pk, made.sk), Offer.accepted_at.does_not_exist(), accepted),
        take_write(org_id, course_id, 1, limit) if limit else count_write(org_id, course_id, 1),
        Write("check", Entitlements(org_pk(org_id), ENTITLEMENTS_SK), seats == limit),
        active_check(org_id, member_id),
        change_write(mine, (Enrollment.carried_to.set(carried),)),
        bump_revision(org_id, "enrollments"),
    ]
    if there is None:
        return [*writes, put_new(new)]
    kept = Enrollment.from_raw_data(there.serialize())
    kept.sk = history_sk(course_id, new_id(now))
    return [*writes, Write("put", new, Enrollment.revision == there.revision), put_new(kept)]
