"""The learners of a row by outcome, and one learner's courses."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from chalicelib.core.addresses import shown
from chalicelib.core.clock import to_date
from chalicelib.core.errors import NotFound
from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import Member
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.courses import store as courses_store
from chalicelib.tenants.organizations.lookups import zone_in
from chalicelib.tenants.structure.store import departments_below
from chalicelib.training.batches import chunk_store, enrollment_store
from chalicelib.training.batches.create_rows import stored_or_planned_row
from chalicelib.training.batches.explanations import explain
from chalicelib.training.batches.models import Enrollment, Row, shards_of_row
from chalicelib.training.batches.states import EnrollmentStatus, Outcome, outcome_of
from chalicelib.training.batches.store import BatchKey
from chalicelib.training.batches.visibility import is_in
from chalicelib.training.progress import row_search
from chalicelib.training.progress.row_search import Learner
from chalicelib.training.progress.schemas import EnrollmentOut, LearnerOut, LearnerPage, LearnersQuery
from chalicelib.training.progress.views import enrollment_out, is_overdue
from chalicelib.web.paging import Pager, invalid_cursor

# A cursor's position in the list: which part (chunk results come first, then the shards of the index), and where in it.
_CHUNKS = "chunk"
_SHARD = "shard"

_POSITION = re.compile(r"chunk (CHUNK#[\w#-]+)? \d{1,6}|shard \d{1,2} ([\w-]+ COURSE#[\w#-]+)?")

# Learners with these outcomes have an enrollment, and are found in the index.
_IN_INDEX = (Outcome.ENROLLED, Outcome.WITHDRAWN)

# Of a row with all its shards, 16 queries find nobody; a filter that keeps few goes on in the next page.
_MAX_READS = 24

# Chunk results of at most 30 KB each: one query stays well below its 1 MB.
_CHUNKS_AT_ONCE = 20


def of_row(
    scope: Scope,
    org_id: str,
    batch_id: str,
    course_id: str,
    query: LearnersQuery,
    pager: Pager,
    now: datetime,
) -> LearnerPage:
    """First those who were not newly enrolled, then the enrolled and withdrawn. `outcome` keeps one kind.

    With a search those whom the directory finds by it, in its order.

    Who is limited to departments sees those who are in them now. A page may be short or empty and still not be the
    last. Raises NotFound.
    """
    zone = zone_in(scope.msp_id, org_id)
    key = BatchKey(scope.msp_id, org_id, batch_id)
    row = stored_or_planned_row(key, course_id)
    if row is None:
        raise NotFound()
    outcome = query.outcome
    if query.search:
        found, position = row_search.find(scope, key, row, query.search, pager, now)
        learners: list[Learner] = [one for one in found if outcome in (None, _outcome_of(one[1]))]
    else:
        learners, position = _page(key, row, outcome, pager)
    members = members_store.members_by_id(org_id, [member_id for member_id, _ in learners])
    if scope.department_ids is not None:
        reached = departments_below(scope.org, scope.department_ids)
        learners = [one for one in learners if is_in(members.get(one[0]), reached)]
    items = [_learner_out(member_id, learner, members.get(member_id), zone, now) for member_id, learner in learners]
    return LearnerPage(items=items, next_cursor=pager.cursor(position))


def of_member(
    msp_id: str,
    org_id: str,
    member_id: str,
    limit: int,
    after: str | None,
    now: datetime,
) -> tuple[list[EnrollmentOut], str | None]:
    """One page of a member's enrollments, and the position of the next."""
    zone = zone_in(msp_id, org_id)
    page = enrollment_store.enrollments_of(org_id, member_id, limit, after)
    titles = courses_store.titles(msp_id, {enrollment.course_id for enrollment in page.items})
    items = [
        enrollment_out(org_id, member_id, enrollment, titles.get(enrollment.course_id, ""), zone, now)
        for enrollment in page.items
    ]
    return items, page.next_position


def _page(key: BatchKey, row: Row, outcome: Outcome | None, pager: Pager) -> tuple[list[Learner], str | None]:
    """Learners, and the position of the next page."""
    position = pager.position or (f"{_SHARD} 0 " if outcome in _IN_INDEX else f"{_CHUNKS}  0")
    if not _POSITION.fullmatch(position) or row.course_id not in (position.split("#")[1:2] or [row.course_id]):
        raise invalid_cursor()
    part, _, rest = position.partition(" ")
    learners: list[Learner] = []
    if part == _CHUNKS:
        after, _, offset = rest.partition(" ")
        next_position = _add_from_chunks(key, row, outcome, pager.limit, after or None, int(offset), learners)
        if next_position is not None:
            return learners, next_position
        if outcome is not None:
            return learners, None
        rest = "0 "
    shard, _, after = rest.partition(" ")
    return learners, _add_from_index(key, row, outcome, int(shard), after or None, pager.limit, learners)


def _add_from_chunks(
    key: BatchKey, row: Row, outcome: Outcome | None, limit: int, after: str | None, offset: int,
    learners: list[Learner],
) -> str | None:  # fmt: skip
    """Fill `learners` from chunk results. Gives the position to go on from, None after the last chunk."""
    while True:
        page = chunk_store.chunk_page(key, row.course_id, _CHUNKS_AT_ONCE, after)
        for result in page.items:
            of_chunk = [
                (member_id, code)
                for code, member_ids in sorted(result.member_ids_by_code.items())
                for member_id in member_ids
                if outcome is None or outcome_of(code) == outcome
            ]
            room = limit - len(learners)
            learners += of_chunk[offset : offset + room]
            if len(of_chunk) > offset + room:
                return f"{_CHUNKS} {after or ''} {offset + room}"
            after, offset = result.sk, 0
        if page.next_position is None:
            return None
        if len(learners) >= limit:
            return f"{_CHUNKS} {after} 0"


def _add_from_index(
    key: BatchKey, row: Row, outcome: Outcome | None, shard: int, after: str | None, limit: int,
    learners: list[Learner],
) -> str | None:  # fmt: skip
    """Fill `learners` from the index, shard by shard. Gives the position to go on from, None at the end."""
    num_shards = len(shards_of_row(row))
    num_reads = 0
    while shard < num_shards:
        if len(learners) >= limit or num_reads == _MAX_READS:
            return f"{_SHARD} {shard} {after or ''}"
        page = enrollment_store.learners_of_row(key, row.course_id, shard, limit - len(learners), after)
        num_reads += 1
        counted = [
            enrollment
            for enrollment in page.items
            if not enrollment.left_at and outcome in (None, _outcome_in_index(enrollment))
        ]
        learners += [(enrollment_store.member_of(enrollment.pk), enrollment) for enrollment in counted]
        after = page.next_position
        if after is None:
            shard += 1
    return None


def _outcome_of(learner: "str | Enrollment") -> Outcome:
    return outcome_of(learner) if isinstance(learner, str) else _outcome_in_index(learner)


def _outcome_in_index(enrollment: Enrollment) -> Outcome:
    return Outcome.WITHDRAWN if enrollment.status == EnrollmentStatus.CANCELLED else Outcome.ENROLLED


def _told_as(outcome: Outcome, learner: "str | Enrollment") -> str:
    """An undo leaves what was started; an admin may cancel it all the same."""
    is_started = not isinstance(learner, str) and learner.started_at is not None
    return "withdrawn_after_start" if outcome == Outcome.WITHDRAWN and is_started else outcome


def _learner_out(
    member_id: str, learner: "str | Enrollment", member: Member | None, zone: ZoneInfo, now: datetime
) -> LearnerOut:
    name = None
    if member is not None and members_store.shows_name(member):
        name = f"{member.first_name} {member.last_name}".strip()
    email = member.email if member is not None else None
    code = learner if isinstance(learner, str) else None
    outcome = _outcome_of(learner)
    explanation = explain(code or _told_as(outcome, learner))
    out = LearnerOut(
        member_id=member_id,
        name=name,
        email=shown(email) if email else None,
        outcome=outcome,
        code=code,
        sentence=explanation.sentence,
        next_step=explanation.next_step,
    )
    if isinstance(learner, str):
        return out
    progress = {
        "status": EnrollmentStatus(learner.status),
        "overdue": is_overdue(learner.status, learner.due_by, zone, now),
        "due_by": to_date(learner.due_by) if learner.due_by else None,
        "started_at": learner.started_at,
        "completed_at": learner.completed_at,
    }
    return out.model_copy(update=progress)
