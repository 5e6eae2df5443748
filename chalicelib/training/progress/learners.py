"""The learners of a row by outcome, and one learner's courses."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from chalicelib.aws import table
from chalicelib.core.clock import to_date
from chalicelib.core.errors import NotFound
from chalicelib.people.members.models import Member, member_sk, members_pk
from chalicelib.people.members.store import shows_name
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.courses.models import Course, courses_pk
from chalicelib.tenants.courses.models import course_sk as library_sk
from chalicelib.tenants.organizations.lookups import zone_in
from chalicelib.training.batches import chunk_store
from chalicelib.training.batches import enrollment_store as learner_store
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.explanations import explain
from chalicelib.training.batches.models import NUM_ROW_SHARDS, Enrollment, Row
from chalicelib.training.batches.states import EnrollmentStatus, Outcome, outcome_of
from chalicelib.training.batches.store import BatchKey
from chalicelib.training.progress.progress import course_of, enrollment_out, is_overdue
from chalicelib.training.progress.schemas import EnrollmentOut, LearnerOut, LearnerPage
from chalicelib.web.paging import Pager, invalid_cursor

# A position in the list: the part (chunk results, then index shards), where in it, and how far.
_CHUNKS = "chunk"
_SHARD = "shard"

_POSITION = re.compile(r"chunk (CHUNK#[\w#-]+)? \d{1,6}|shard \d{1,2} ([\w-]+ COURSE#[\w#-]+)?")

# Chunk results of at most 30 KB each: one query stays well below its 1 MB.
_CHUNKS_AT_ONCE = 20


def of_row(
    scope: Scope,
    org_id: str,
    batch_id: str,
    course_id: str,
    outcome: Outcome | None,
    pager: Pager,
    now: datetime,
) -> LearnerPage:
    """Those not newly enrolled first, then the enrolled; `outcome` keeps one kind."""
    zone = zone_in(scope.msp_id, org_id)
    key = BatchKey(scope.msp_id, org_id, batch_id)
    row = batch_store.row(key, course_id)
    if row is None:
        raise NotFound()
    found, position = _page(key, row, outcome, pager)
    members = _members(org_id, [member_id for member_id, _ in found])
    items = [_learner_out(member_id, what, members.get(member_id), zone, now) for member_id, what in found]
    return LearnerPage(items=items, next_cursor=pager.cursor(position))


def _page(
    key: BatchKey, row: Row, outcome: Outcome | None, pager: Pager
) -> tuple[list[tuple[str, "str | Enrollment"]], str | None]:
    """Pairs of member and what is known of them (a code, or their enrollment), and where the next page starts."""
    position = pager.position or (f"{_SHARD} 0 " if outcome == Outcome.ENROLLED else f"{_CHUNKS}  0")
    if not _POSITION.fullmatch(position) or row.course_id not in (position.split("#")[1:2] or [row.course_id]):
        raise invalid_cursor()
    part, _, rest = position.partition(" ")
    found: list[tuple[str, str | Enrollment]] = []
    if part == _CHUNKS:
        after, _, offset = rest.partition(" ")
        next_position = _from_chunks(key, row, outcome, pager.limit, after or None, int(offset), found)
        if next_position is not None:
            return found, next_position
        if outcome not in (None, Outcome.ENROLLED):
            return found, None
        rest = "0 "
    shard, _, after = rest.partition(" ")
    return found, _from_index(key, row, int(shard), after or None, pager.limit, found)


def of_member(
    msp_id: str,
    org_id: str,
    member_id: str,
    limit: int,
    after: str | None,
    now: datetime,
    is_shown: Callable[[Enrollment], bool] = lambda enrollment: True,
) -> tuple[list[EnrollmentOut], str | None]:
    zone = zone_in(msp_id, org_id)
    page = learner_store.enrollments_of(org_id, member_id, limit, after)
    titles = _titles(msp_id, page.items)
    items = [
        enrollment_out(org_id, member_id, enrollment, titles.get(course_of(enrollment), ""), zone, now)
        for enrollment in page.items
        if is_shown(enrollment)
    ]
    return items, page.next_position


def _from_chunks(
    key: BatchKey, row: Row, outcome: Outcome | None, limit: int, after: str | None, offset: int,
    found: list[tuple[str, "str | Enrollment"]],
) -> str | None:  # fmt: skip
    """Fill `found` from chunk results; the position to go on from, None when they are through."""
    while True:
        page = chunk_store.chunk_page(key, row.course_id, _CHUNKS_AT_ONCE, after)
        for result in page.items:
            told = [
                (member_id, code)
                for code, member_ids in sorted(result.member_ids_by_code.items())
                for member_id in member_ids
                if outcome is None or outcome_of(code) == outcome
            ]
            room = limit - len(found)
            found += told[offset : offset + room]
            if len(told) > offset + room:
                return f"{_CHUNKS} {after or ''} {offset + room}"
            after, offset = result.sk, 0
        if page.next_position is None:
            return None
        if len(found) >= limit:
            return f"{_CHUNKS} {after} 0"


def _from_index(
    key: BatchKey, row: Row, shard: int, after: str | None, limit: int, found: list[tuple[str, "str | Enrollment"]]
) -> str | None:
    """Fill `found` from the index, shard by shard; the position to go on from, None at the end."""
    num_shards = min(int(row.num_chunks), NUM_ROW_SHARDS)
    while shard < num_shards:
        if len(found) >= limit:
            return f"{_SHARD} {shard} {after or ''}"
        page = learner_store.learners_of_row(key, row.course_id, shard, limit - len(found), after)
        there = [enrollment for enrollment in page.items if not enrollment.left_at]
        found += [(learner_store.member_of(enrollment.pk), enrollment) for enrollment in there]
        after = page.next_position
        if after is None:
            shard += 1
    return None


def _members(org_id: str, member_ids: Iterable[str]) -> dict[str, Member]:
    wanted = [(Member, members_pk(org_id), member_sk(member_id)) for member_id in member_ids]
    found = table.batch_get(wanted, consistent=False)
    return {item.member_id: item for item in found.values() if isinstance(item, Member)}


def _titles(msp_id: str, enrollments: Sequence[Enrollment]) -> dict[str, str]:
    wanted = {course_of(enrollment) for enrollment in enrollments}
    found = table.batch_get([(Course, courses_pk(msp_id), library_sk(course)) for course in wanted], consistent=False)
    return {item.course_id: item.title for item in found.values() if isinstance(item, Course)}


def _learner_out(
    member_id: str, what: "str | Enrollment", member: Member | None, zone: ZoneInfo, now: datetime
) -> LearnerOut:
    shown = member is not None and shows_name(member)
    name = f"{member.first_name} {member.last_name}".strip() if member is not None and shown else None
    email = member.email if member is not None else None
    if isinstance(what, str):
        told = explain(what)
        outcome = outcome_of(what)
        return LearnerOut(
            member_id=member_id, name=name, email=email, outcome=outcome, code=what,
            sentence=told.sentence, next_step=told.next_step,
        )  # fmt: skip
    told = explain(Outcome.ENROLLED)
    return LearnerOut(
        member_id=member_id,
        name=name,
        email=email,
        outcome=Outcome.ENROLLED,
        code=None,
        sentence=told.sentence,
        next_step=told.next_step,
        status=EnrollmentStatus(what.status),
        overdue=is_overdue(what.status, what.due_by, zone, now),
        due_by=to_date(what.due_by) if what.due_by else None,
        started_at=what.started_at,
        completed_at=what.completed_at,
    )
