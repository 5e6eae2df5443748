"""Learners of a row by the start of a name or address: the directory finds the people, their keys what became of them.

It reads nobody whom the search does not find, however many learners the row has.
"""

from dataclasses import replace
from datetime import datetime

from chalicelib.people.members import service as directory
from chalicelib.people.members.schemas import MemberQuery
from chalicelib.tenants.access.service import Scope
from chalicelib.training.batches import chunk_store, enrollment_store
from chalicelib.training.batches.models import Enrollment, Row
from chalicelib.training.batches.store import BatchKey
from chalicelib.web.paging import Pager, Walk

# A learner of a row: the member, and their enrollment or the code that says why they were not newly enrolled.
Learner = tuple[str, "str | Enrollment"]

# Pages of the directory that one request looks at; most of an organization are learners of a row.
_MAX_READS = 4


def find(
    scope: Scope, key: BatchKey, row: Row, search: str, pager: Pager, now: datetime
) -> tuple[list[Learner], str | None]:
    """Learners, and the position of the next page. A page may be short or empty and still not be the last."""
    of_org = replace(scope, org_id=key.org_id)
    learners: list[Learner] = []
    position = pager.position
    for _ in range(_MAX_READS):
        walk = Walk(pager.limit - len(learners), position)
        page = directory.page(of_org, MemberQuery.model_validate({"search": search}), walk, now)
        learners += _learners(key, row, [one.member_id for one in page.items])
        position = page.next_cursor
        if position is None or len(learners) >= pager.limit:
            break
    return learners, position


def _learners(key: BatchKey, row: Row, member_ids: list[str]) -> list[Learner]:
    """Of these people those whom the row is about, in the same order."""
    codes = chunk_store.codes_of(key, row, member_ids)
    current = enrollment_store.enrollments_in(key.org_id, row.course_id, member_ids, consistent=False)
    found: list[Learner] = []
    for member_id in member_ids:
        if member_id in codes:
            found.append((member_id, codes[member_id]))
            continue
        own = _of_row(key, row, member_id, current.get(member_id))
        if own is not None and not own.left_at:
            found.append((member_id, own))
    return found


def _of_row(key: BatchKey, row: Row, member_id: str, current: Enrollment | None) -> Enrollment | None:
    """What the row made for the member: the current enrollment, or one that another batch has replaced."""
    if current is None or current.batch_id == key.batch_id:
        return current
    earlier = enrollment_store.enrollments_of_course(key.org_id, member_id, row.course_id)
    return next((one for one in reversed(earlier) if one.batch_id == key.batch_id), None)
