"""Seats for a chunk: taken before anybody is enrolled, so that never more are enrolled than there are.

What was taken and not used is given back with the chunk's result, in one transaction; by a run that the row
has left behind, when its message comes to its end.
"""

from collections.abc import Sequence

from chalicelib.core.errors import ConditionFailed, Unavailable
from chalicelib.enrollment import batch_store, learner_store
from chalicelib.enrollment.batch_store import BatchKey, ChunkState
from chalicelib.enrollment.messages import EnrollChunk
from chalicelib.enrollment.states import LIVE, EnrollmentStatus
from chalicelib.orgs.lookups import seat_limit, seats_taken

_TRIES = 8


def reserve(key: BatchKey, message: EnrollChunk, state: ChunkState, num_wanted: int) -> int | None:
    """Seats of this run of the chunk: as many as wanted, or as are free. None when the course has no limit."""
    if state.num_reserved:
        return state.num_reserved
    limit = state.seat_limit
    for _ in range(_TRIES):
        if not limit:
            return None
        number = min(num_wanted, limit - seats_taken(key.org_id, message.course_id))
        if number <= 0:
            return 0
        try:
            batch_store.reserve_seats(key, message.course_id, message.chunk, message.run, number, limit)
            return number
        except ConditionFailed as error:
            if 0 in error.failed:
                return batch_store.num_reserved(key, message.course_id, message.chunk, message.run)
            # Others took seats, or the limit changed: look again.
            limit = seat_limit(key.org_id, message.course_id)
    raise Unavailable("seats_contended", "Others keep taking seats of this course; the next delivery tries again.")


def give_back(key: BatchKey, message: EnrollChunk, number: int) -> None:
    """The seats of a run that cannot finish any more, for its row has gone on to the next."""
    try:
        batch_store.release_seats(key, message.course_id, message.chunk, message.run, number)
    except ConditionFailed:
        return


def share_out(
    key: BatchKey, course_id: str, wanted: Sequence[str], there: set[str], num_before: int, num_seats: int, again: bool
) -> tuple[list[str], list[str]]:
    """Who may be tried, and who finds no seat, in the order of member ids.

    `there` are those whom this row has enrolled in the range (known on a later delivery), `num_before` how
    many of them earlier runs did. Who needs no new seat (enrolled, or completed and not `again`) is always tried.
    """
    found = learner_store.enrollments_in(key.org_id, course_id, wanted) if wanted else {}
    ours = {member_id for member_id, enrollment in found.items() if enrollment.batch_id == key.batch_id}
    settled = {EnrollmentStatus.COMPLETED} if not again else set()
    seatless = ours | {member_id for member_id, old in found.items() if old.status in LIVE | settled}
    left = num_seats - (len(there | ours) - num_before)
    tried, refused = [], []
    for member_id in wanted:
        if member_id in seatless:
            tried.append(member_id)
        elif left > 0:
            tried.append(member_id)
            left -= 1
        else:
            refused.append(member_id)
    return tried, refused
