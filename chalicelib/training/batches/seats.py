"""Seats for a chunk: reserved before anybody is enrolled, so that never more are enrolled than there are seats.

Unused seats are given back with the chunk's result, in one transaction. So are the orphaned ones: seats that an earlier
run reserved and never settled, because it left no result. Those whom it enrolled are counted by then.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.core.errors import ConditionFailed, Unavailable
from chalicelib.tenants.organizations.seat_store import seat_limit, seats_taken
from chalicelib.training.batches import chunk_store, enrollment_store
from chalicelib.training.batches.chunk_store import ChunkRun
from chalicelib.training.batches.models import Enrollment
from chalicelib.training.batches.states import LIVE, EnrollmentStatus

_TRIES = 8


@dataclass(frozen=True)
class Candidates:
    """The learners that a run is to enroll, in the order of their ids, and those that its row has enrolled before.

    On a first delivery `enrolled` is None: nobody was looked up. Earlier runs counted `num_counted` of the enrolled.
    """

    member_ids: Sequence[str]
    enrolled: set[str] | None
    num_counted: int

    @property
    def num_at_most(self) -> int:
        """More seats than these no run can need."""
        return len((self.enrolled or set()).union(self.member_ids)) - self._num_counted

    def num_used(self, enrolled: set[str]) -> int:
        """Seats that this run has used, when these are enrolled as well."""
        return len((self.enrolled or set()) | enrolled) - self._num_counted

    @property
    def _num_counted(self) -> int:
        return 0 if self.enrolled is None else self.num_counted


@dataclass(frozen=True)
class SeatHolding:
    """Seats of a run of a chunk, with the orphaned ones of earlier runs. `for_all`: there are enough for everybody."""

    number: int
    orphaned_by_run: Mapping[int, int]
    for_all: bool = False

    @property
    def num_orphaned(self) -> int:
        return sum(self.orphaned_by_run.values())


def orphaned(run: ChunkRun, numbers: Iterable[int]) -> dict[int, int]:
    """What runs with these numbers, which left no result, hold; by run."""
    held = {number: chunk_store.num_reserved(run, number) for number in numbers}
    return {number: num_seats for number, num_seats in held.items() if num_seats}


def reserve(run: ChunkRun, candidates: Candidates, orphaned_by_run: Mapping[int, int]) -> SeatHolding:
    """As many seats as the candidates need beside the orphaned ones, or as are free.

    A course without a limit has seats for everybody. They are reserved all the same, to count as taken should a limit
    be set meanwhile. Raises Unavailable when others keep taking seats of the course.
    """
    num_orphaned = sum(orphaned_by_run.values())
    limit, num_held, num_needed = run.seat_limit, run.num_reserved, 0
    for _ in range(_TRIES):
        try:
            if limit == 0:
                num_most = max(0, candidates.num_at_most - num_orphaned)
                if num_held < num_most:
                    chunk_store.reserve_unlimited(run, num_held, num_most)
                return SeatHolding(max(num_held, num_most), orphaned_by_run, for_all=True)
            if num_held or limit is None:
                return SeatHolding(num_held, orphaned_by_run)
            free = limit - seats_taken(run.key.org_id, run.row.course_id)
            num_needed = num_needed or _num_needed(run, candidates, free)
            number = max(0, min(num_needed - num_orphaned, free))
            if number:
                chunk_store.reserve_seats(run, number, limit)
            return SeatHolding(number, orphaned_by_run)
        except ConditionFailed as error:
            if 0 in error.failed:
                # Another delivery has this run's seats; or it has finished, and there are none any more.
                number = chunk_store.num_reserved(run, run.number)
                if limit != 0 or number in (0, num_held):
                    return SeatHolding(number, orphaned_by_run)
                num_held = number
            # Others took seats, or the limit changed.
            limit = seat_limit(run.key.org_id, run.row.course_id)
    raise Unavailable("seats_contended", "Others keep taking seats of this course; the next delivery tries again.")


def _num_needed(run: ChunkRun, candidates: Candidates, num_free: int) -> int:
    """Where seats may run short, those who need none must not hold any, not even for a moment."""
    at_most_left = int(run.row.chunks_left) * max(map(int, run.partition.sizes), default=0)
    if num_free >= at_most_left:
        return len(candidates.member_ids)
    return len(candidates.member_ids) - len(_without_need(run, _existing(run, candidates.member_ids)))


def _existing(run: ChunkRun, member_ids: Sequence[str]) -> dict[str, Enrollment]:
    return enrollment_store.enrollments_in(run.key.org_id, run.row.course_id, member_ids)


def _without_need(run: ChunkRun, existing: Mapping[str, Enrollment]) -> set[str]:
    """Who needs no new seat: enrolled already, by this batch or another, or completed and not to take it again."""
    settled = LIVE if run.partition.reenroll_completed else LIVE | {EnrollmentStatus.COMPLETED}
    return {
        member_id
        for member_id, enrollment in existing.items()
        if enrollment.batch_id == run.key.batch_id or enrollment.status in settled
    }


def allocate(run: ChunkRun, candidates: Candidates, holding: SeatHolding) -> tuple[Sequence[str], Sequence[str]]:
    """Who may be enrolled, and who finds no seat, in the order of member ids.

    Orphaned seats cover those whom their runs enrolled, and then others. Who needs no new seat may always be enrolled.
    """
    # Nobody more is enrolled in a course that was taken away.
    num_seats = holding.number + (0 if run.seat_limit is None else holding.num_orphaned)
    if holding.for_all or (candidates.enrolled is None and num_seats >= len(candidates.member_ids)):
        return candidates.member_ids, []
    existing = _existing(run, candidates.member_ids)
    by_this_batch = {member_id for member_id, item in existing.items() if item.batch_id == run.key.batch_id}
    without_need = _without_need(run, existing)
    num_left = num_seats - candidates.num_used(by_this_batch)
    allowed, refused = [], []
    for member_id in candidates.member_ids:
        if member_id in without_need:
            allowed.append(member_id)
        elif num_left > 0:
            allowed.append(member_id)
            num_left -= 1
        else:
            refused.append(member_id)
    return allowed, refused


def release(run: ChunkRun, num_seats: int) -> None:
    """The seats of a run that cannot finish any more, because its row has gone on to the next."""
    try:
        chunk_store.release_seats(run, num_seats)
    except ConditionFailed:
        return
