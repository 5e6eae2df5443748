"""Which batches of an organization somebody sees there, whom of their people, and which they may change."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from chalicelib.core.errors import Forbidden, NotFound
from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import Member
from chalicelib.people.members.states import ON_ROSTERS
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.structure import store as structure_store
from chalicelib.training.batches import chunk_store, enrollment_store
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.models import Batch, Enrollment, Row, shards_of_row
from chalicelib.training.batches.recipients import member_ids, recipients_of
from chalicelib.training.batches.schemas import Targeting
from chalicelib.training.batches.states import LaunchedBy
from chalicelib.training.batches.store import BatchKey

# A learner of a row: their enrollment, or the code that says why they were not newly enrolled.
Learner = str | Enrollment

# Learners that one request looks at to count one's own: some twenty calls, and as many again for the people.
MAX_COUNTED = 20_000

# More people than these are looked up in the roster of all: a call for thousands of them.
_MAX_LOOKED_UP = 1_000
_PER_READ = 1_000


def launched_by(batch: Batch) -> LaunchedBy:
    if batch.group_id is not None:
        return LaunchedBy.GROUP
    return LaunchedBy(batch.launched_by or LaunchedBy.MSP)


def visible(scope: Scope) -> Callable[[Batch], bool]:
    """All of the organization; to who is limited to departments those that reach nobody outside them, as they are now.

    A department that is gone has nobody, and limits nothing.
    """
    limits = scope.department_ids
    if limits is None:
        return lambda batch: True
    departments = structure_store.departments(scope.org)
    outside = {one.department_id for one in departments if not limits & set(one.path)}
    reached = {one.department_id for one in departments} - outside

    def is_visible(batch: Batch) -> bool:
        ids = set(batch.department_ids or ())
        return bool(ids & reached) and not ids & outside

    return is_visible


def batch_of(scope: Scope, batch_id: str) -> BatchKey:
    """Raises NotFound."""
    return _found(scope, batch_id)[0]


def changeable(scope: Scope, batch_id: str) -> BatchKey:
    """Raises NotFound, and Forbidden for what the MSP launched, unless its admin asks."""
    key, batch = _found(scope, batch_id)
    if launched_by(batch) == LaunchedBy.MSP and not scope.is_msp_admin:
        problem = "Your provider launched this batch. You can see it, but only they can change it."
        raise Forbidden(problem, "launched_by_msp")
    return key


def _found(scope: Scope, batch_id: str) -> tuple[BatchKey, Batch]:
    key = BatchKey(scope.msp_id, scope.org, batch_id)
    batch = batch_store.batch(key)
    if batch is None or not visible(scope)(batch):
        raise NotFound("There is no such batch")
    return key, batch


# ---------------------------------------------------------------- whom of their people


def is_in(member: Member | None, departments: Collection[str]) -> bool:
    """`departments` are those of the caller, with all below them."""
    return member is not None and member.status in ON_ROSTERS and member.department_id in departments


def within_of(scope: Scope) -> list[str] | None:
    """The departments to which the caller is limited, to be kept with what they asked for."""
    return None if scope.department_ids is None else sorted(scope.department_ids)


def those_in(org_id: str, department_ids: Iterable[str], people: Collection[str]) -> set[str]:
    """Those of these people who are in the departments now, or below."""
    departments = structure_store.departments_below(org_id, department_ids)
    if len(people) > _MAX_LOOKED_UP:
        # From just before the first id: of a range of ids, nobody outside it is read.
        after = min(people)[:-1]
        within = member_ids(recipients_of(Targeting(), org_id, departments=sorted(departments)), after, max(people))
        return set(people).intersection(within)
    members = members_store.members_by_id(org_id, people)
    return {one for one in people if is_in(members.get(one), departments)}


def own_learners(key: BatchKey, rows: Sequence[Row], department_ids: Iterable[str]) -> dict[str, list[Learner]] | None:
    """By course, the rows' learners who are in the departments now. None when more would have to be looked at."""
    if sum(row.num_targeted for row in rows) > MAX_COUNTED:
        return None
    found = {row.course_id: list(_learners(key, row)) for row in rows if row.num_chunks}
    people = {member_id for learners in found.values() for member_id, _ in learners}
    own = those_in(key.org_id, department_ids, people) if people else set()
    return {
        row.course_id: [learner for member_id, learner in found.get(row.course_id, ()) if member_id in own]
        for row in rows
    }


def _learners(key: BatchKey, row: Row) -> Iterator[tuple[str, Learner]]:
    for result in chunk_store.chunk_results(key, row.course_id):
        for code, ids in result.member_ids_by_code.items():
            yield from ((member_id, code) for member_id in ids)
    for shard in shards_of_row(row):
        after: str | None = None
        while True:
            page = enrollment_store.learners_of_row(key, row.course_id, shard, _PER_READ, after)
            yield from ((enrollment_store.member_of(one.pk), one) for one in page.items if not one.left_at)
            after = page.next_position
            if after is None:
                break
