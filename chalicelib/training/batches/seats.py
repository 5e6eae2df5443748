"""Seats for a chunk: taken before anybody is enrolled, so that never more are enrolled than there are.

What was taken and not used is given back with the chunk's result, in one transaction; so is what earlier runs took
that came to no end, for whom they enrolled is counted by then.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.core.errors import ConditionFailed, Unavailable
from chalicelib.tenants.organizations.seat_store import seat_limit, seats_taken
from chalicelib.training.batches import chunk_store
from chalicelib.training.batches import enrollment_store as learner_store
from chalicelib.training.batches.chunk_store import ChunkState
from chalicelib.training.batches.messages import EnrollChunk
from chalicelib.training.batches.models import Enrollment
from chalicelib.training.batches.states import LIVE, EnrollmentStatus
from chalicelib.training.batches.store import BatchKey

_TRIES = 8


@dataclass(frozen=True)
class Seats:
    """What a run of a chunk holds; whether that is enough for everybody, whoever they are."""

    number: int
    for_all: bool = False


def reserve(
    key: BatchKey,
    message: EnrollChunk,
    state: ChunkState,
    wanted: Sequence[str],
    there: set[str],
    num_before: int,
    again: bool,
    num_lost: int,
) -> Seats:
    """Seats of this run of the chunk: as many as are needed, or as are free; `there`, `num_before` as in `share_out`.

    `num_lost` are still held by earlier runs, and so needed no more.

    A course without a limit has seats for everybody, and yet they are taken beforehand: who sets a limit meanwhile
    would count too few otherwise.
    """
    limit, num_reserved, num_needed = state.seat_limit, state.num_reserved, 0
    for _ in range(_TRIES):
        if limit == 0:
            num_most = max(0, len(there.union(wanted)) - num_before - num_lost)
            if num_reserved >= num_most:
                return Seats(num_reserved, for_all=True)
            try:
                chunk_store.reserve_unlimited(
                    key, message.course_id, message.chunk, message.run, num_reserved, num_most
                )
                return Seats(num_most, for_all=True)
            except ConditionFailed as error:
                if 0 in error.failed:
                    # Another delivery has them; or has finished, so that there are none any more.
                    number = chunk_store.num_reserved(key, message.course_id, message.chunk, message.run)
                    if number in (0, num_reserved):
                        return Seats(number)
                    num_reserved = number
                limit = seat_limit(key.org_id, message.course_id)
            continue
        if num_reserved:
            return Seats(num_reserved)
        if limit is None:
            return Seats(0)
        free = limit - seats_taken(key.org_id, message.course_id)
        if not num_needed:
            # Where seats may run short, those who need none must not hold any, not even for a moment.
            num_needed = (
                len(wanted) if free >= _at_most(state) else len(wanted) - num_seatless(key, message, wanted, again)
            )
        number = min(num_needed - num_lost, free)
        if number <= 0:
            return Seats(0)
        try:
            chunk_store.reserve_seats(key, message.course_id, message.chunk, message.run, number, limit)
            return Seats(number)
        except ConditionFailed as error:
            if 0 in error.failed:
                return Seats(chunk_store.num_reserved(key, message.course_id, message.chunk, message.run))
            # Others took seats, or the limit changed: look again.
            limit = seat_limit(key.org_id, message.course_id)
    raise Unavailable("seats_contended", "Others keep taking seats of this course; the next delivery tries again.")


def _at_most(state: ChunkState) -> int:
    """More learners than all the chunks that are left can have."""
    if state.row is None or state.cut is None:
        raise ValueError("a chunk without its row takes no seats")
    return int(state.row.chunks_left) * max(map(int, state.cut.sizes), default=0)


def num_seatless(key: BatchKey, message: EnrollChunk, wanted: Sequence[str], again: bool) -> int:
    found = learner_store.enrollments_in(key.org_id, message.course_id, wanted) if wanted else {}
    return len(_seatless(key, found, again))


def _seatless(key: BatchKey, found: Mapping[str, Enrollment], again: bool) -> set[str]:
    """Who needs no new seat: enrolled already, by this batch or another, or completed and not to take it again."""
    settled = LIVE if again else LIVE | {EnrollmentStatus.COMPLETED}
    return {
        member_id
        for member_id, enrollment in found.items()
        if enrollment.batch_id == key.batch_id or enrollment.status in settled
    }


def give_back(key: BatchKey, message: EnrollChunk, number: int) -> None:
    """The seats of a run that cannot finish any more, for its row has gone on to the next."""
    try:
        chunk_store.release_seats(key, message.course_id, message.chunk, message.run, number)
    except ConditionFailed:
        return


def lost(key: BatchKey, message: EnrollChunk, runs: Iterable[int]) -> dict[int, int]:
    """What earlier runs that came to no end hold, by run."""
    held = {run: chunk_store.num_reserved(key, message.course_id, message.chunk, run) for run in runs}
    return {run: number for run, number in held.items() if number}


def share_out(
    key: BatchKey, course_id: str, wanted: Sequence[str], there: set[str], num_before: int, num_seats: int, again: bool
) -> tuple[list[str], list[str]]:
    """Who may be tried, and who finds no seat, in the order of member ids.

    `there` are those whom this row has enrolled in the range (known on a later delivery), `num_before` how
    many of them earlier runs did. Who needs no new seat is always tried.
    """
    found = learner_store.enrollments_in(key.org_id, course_id, wanted) if wanted else {}
    ours = {member_id for member_id, enrollment in found.items() if enrollment.batch_id == key.batch_id}
    seatless = _seatless(key, found, again)
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
