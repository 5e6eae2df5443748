"""Enrolling one range of a row's recipients, exactly once although the message may come many times."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.aws import bulk
from chalicelib.core import observability
from chalicelib.core.errors import ConditionFailed, Unavailable
from chalicelib.jobs import queue
from chalicelib.jobs.job import Job
from chalicelib.training.batches import chunk_store
from chalicelib.training.batches import enrollment_store as learner_store
from chalicelib.training.batches import seats as seating
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.chunk_store import ChunkCounts, ChunkState
from chalicelib.training.batches.finish_row import fold
from chalicelib.training.batches.messages import EnrollChunk
from chalicelib.training.batches.models import ChunkResult, Cut, Enrollment, Row
from chalicelib.training.batches.recipients import Recipients, bounds_of, member_ids
from chalicelib.training.batches.states import (
    CHUNKS_COUNT,
    LIVE,
    Code,
    EnrollmentStatus,
    Outcome,
    RowStatus,
    outcome_of,
)
from chalicelib.training.batches.store import BatchKey


@dataclass
class _Tallied:
    """What became of each learner of the chunk: enrolled, or the code that says why not."""

    num_enrolled_before: int = 0
    enrolled: set[str] = field(default_factory=set)
    member_ids_by_code: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def keep(self, old: ChunkResult | None) -> None:
        """Those whom an earlier run settled stay settled; its failed ones are tried again."""
        if old is None:
            return
        self.num_enrolled_before = int(old.num_enrolled)
        for code, ids in old.member_ids_by_code.items():
            if outcome_of(code) != Outcome.FAILED:
                self.member_ids_by_code[code] += ids

    def meet(self, there: set[str]) -> None:
        """Who is there, by the index: everybody whom this row enrolled in the range, in whichever run.

        An earlier delivery may have enrolled somebody who matches no more, and died before it told; or whom
        another batch has enrolled anew since, so that its enrollment is the one that stands there now.
        """
        self.num_enrolled_before = 0
        self.enrolled |= there
        for ids in self.member_ids_by_code.values():
            ids[:] = [member_id for member_id in ids if member_id not in there]

    def counts(self) -> ChunkCounts:
        numbers = dict.fromkeys(Outcome, 0)
        for code, ids in self.member_ids_by_code.items():
            numbers[outcome_of(code)] += len(ids)
        num_enrolled = self.num_enrolled_before + len(self.enrolled)
        return ChunkCounts(
            targeted=num_enrolled + sum(numbers.values()),
            enrolled=num_enrolled,
            already=numbers[Outcome.ALREADY_ENROLLED],
            skipped=numbers[Outcome.ALREADY_COMPLETED],
            failed=numbers[Outcome.FAILED],
        )


def enroll_chunk(message: EnrollChunk, now: datetime) -> None:
    """Enroll the chunk's learners and add what came of it to the row; the last chunk ends the row."""
    queue.send_soon(*_run_chunk(message, now, insert=True))


def give_up_chunk(message: EnrollChunk, now: datetime) -> None:
    """A dead letter: read back what the chunk did; whoever it did not reach fails, with the reason."""
    _run_chunk(message, now, insert=False)


def _run_chunk(message: EnrollChunk, now: datetime, *, insert: bool) -> list[Job]:
    """Gives the jobs that follow (see `fold`); they have due entries."""
    key = BatchKey(message.msp_id, message.org_id, message.batch_id)
    state = chunk_store.chunk_state(key, message.course_id, message.cut_id, message.chunk, message.run)
    row, cut = state.row, state.cut
    if row is None or cut is None or row.cut_id != message.cut_id:
        observability.warning("chunk without row", batch_id=key.batch_id, course_id=message.course_id)
        return []
    if row.run != message.run or row.status not in CHUNKS_COUNT or _is_done(state, message):
        if row.run == message.run and row.chunks_left == 0:
            return fold(key, row)
        if state.num_reserved and _is_counted_later(state.result, message):
            seating.give_back(key, message, state.num_reserved)
        return []
    tallied = _Tallied()
    tallied.keep(state.result)
    after, until = bounds_of(cut.bounds, message.chunk)
    wanted = _wanted(cut, after, until, state.result)
    lost_runs = _lost_runs(row, state.result)
    is_first = not state.was_started and chunk_store.mark_started(key, row.course_id, message.chunk, message.run)
    # A run that came to no end, and whose row was given up: this one finds what it did, as another delivery would.
    is_first = is_first and not lost_runs
    stopped = row.status == RowStatus.CANCELLED
    there: set[str] = set()
    if not is_first or stopped:
        there = learner_store.members_of_range(key, row.course_id, message.chunk, after, until)
    lost = seating.lost(key, message, lost_runs)
    num_reserved = state.num_reserved
    if insert and not stopped:
        again = cut.reenroll_completed
        # On a first delivery nobody was looked up: of those there, none is among the seats of this run either.
        before = 0 if is_first else tallied.num_enrolled_before
        seats = seating.reserve(key, message, state, wanted, there, before, again, sum(lost.values()))
        num_reserved = seats.number
        # What earlier runs took covers those whom they enrolled, and then others.
        num_seats = seats.number + (0 if state.seat_limit is None else sum(lost.values()))
        if not seats.for_all and (num_seats < len(wanted) or not is_first):
            wanted, refused = seating.share_out(key, row.course_id, wanted, there, before, num_seats, again)
            if refused:
                code = Code.ACCESS_DENIED if state.seat_limit is None else Code.NO_SEAT
                tallied.member_ids_by_code[code] += refused
        _enroll(key, row, cut, message.chunk, wanted, tallied, now)
    elif not stopped:
        _settle(key, row, cut, wanted, tallied)
    if not is_first or stopped:
        # Of a row that was cancelled, nobody more is enrolled; who was is counted.
        tallied.meet(there)
    return _finish(key, row, cut, message, state.result, tallied, {**lost, message.run: num_reserved})


def _is_counted_later(result: ChunkResult | None, message: EnrollChunk) -> bool:
    """A later run has come to its end: it counted those whom this run enrolled, and settled what this run held then.

    Before that, what this run holds stays taken for them.
    """
    return result is not None and result.run > message.run


def _is_done(state: ChunkState, message: EnrollChunk) -> bool:
    return state.result is not None and state.result.run >= message.run


def _lost_runs(row: Row, result: ChunkResult | None) -> range:
    """Earlier runs that were to enroll this chunk and left no result."""
    settled = int(row.cut_run) - 1 if result is None else int(result.run)
    return range(settled + 1, int(row.run))


def _wanted(cut: Cut, after: str, until: str | None, old: ChunkResult | None) -> list[str]:
    """The recipients in the range; of a chunk that ran before, only those who failed then and still match."""
    ids = list(member_ids(Recipients.from_json(cut.recipients), after, until))
    if old is None:
        return ids
    failed = {
        member_id
        for code, member_ids in old.member_ids_by_code.items()
        if outcome_of(code) == Outcome.FAILED
        for member_id in member_ids
    }
    return [member_id for member_id in ids if member_id in failed]


def _enroll(
    key: BatchKey, row: Row, cut: Cut, chunk: int, wanted: Sequence[str], tallied: _Tallied, now: datetime
) -> None:
    outcomes = learner_store.insert_enrollments(key, row, chunk, wanted, now) if wanted else []
    met: list[str] = []
    for member_id, outcome in zip(wanted, outcomes, strict=True):
        if outcome == bulk.CREATED:
            tallied.enrolled.add(member_id)
        elif outcome == bulk.DUPLICATE:
            met.append(member_id)
        else:
            tallied.member_ids_by_code[Code.WRITE_REJECTED].append(member_id)
    found = learner_store.enrollments_in(key.org_id, row.course_id, met) if met else {}
    for member_id in met:
        code = _meet(key, row, cut, chunk, member_id, found.get(member_id), now)
        if code is None:
            tallied.enrolled.add(member_id)
        else:
            tallied.member_ids_by_code[code].append(member_id)


def _meet(
    key: BatchKey, row: Row, cut: Cut, chunk: int, member_id: str, old: Enrollment | None, now: datetime
) -> Code | None:
    """What an enrollment that was there already means; None when the learner is enrolled by this batch."""
    for _ in range(3):
        if old is None:
            # Told as there, then gone: nothing deletes enrollments, so let the next delivery look again.
            raise ConditionFailed()
        if old.batch_id == key.batch_id:
            return None
        if old.status in LIVE:
            return Code.ALREADY_ENROLLED
        if old.status == EnrollmentStatus.COMPLETED and not cut.reenroll_completed:
            return Code.ALREADY_COMPLETED
        try:
            learner_store.replace_with_new(key, row, chunk, member_id, old, now)
            return None
        except ConditionFailed:
            old = learner_store.enrollments_in(key.org_id, row.course_id, [member_id]).get(member_id)
    raise ConditionFailed()


def _settle(key: BatchKey, row: Row, cut: Cut, wanted: Sequence[str], tallied: _Tallied) -> None:
    found = learner_store.enrollments_in(key.org_id, row.course_id, wanted) if wanted else {}
    for member_id in wanted:
        enrollment = found.get(member_id)
        if enrollment is not None and enrollment.batch_id == key.batch_id:
            tallied.enrolled.add(member_id)
        elif enrollment is not None and enrollment.status in LIVE:
            tallied.member_ids_by_code[Code.ALREADY_ENROLLED].append(member_id)
        elif enrollment is not None and enrollment.status == EnrollmentStatus.COMPLETED and not cut.reenroll_completed:
            tallied.member_ids_by_code[Code.ALREADY_COMPLETED].append(member_id)
        else:
            tallied.member_ids_by_code[Code.PROCESSING_FAILED].append(member_id)


def _finish(
    key: BatchKey,
    row: Row,
    cut: Cut,
    message: EnrollChunk,
    old: ChunkResult | None,
    tallied: _Tallied,
    reserved_by_run: Mapping[int, int],
) -> list[Job]:
    planned = ChunkCounts(targeted=int(cut.sizes[message.chunk])) if old is None else ChunkCounts.of(old)
    counts = tallied.counts()
    try:
        chunk_store.finish_chunk(
            key, row, message.chunk, old, counts - planned, counts, dict(tallied.member_ids_by_code), reserved_by_run
        )
    except ConditionFailed as error:
        if not {0, 1}.intersection(error.failed):
            # Seats that an earlier run held are held no more: the next delivery looks again.
            raise Unavailable() from error
        observability.info("chunk was finished by another delivery", batch_id=key.batch_id, chunk=message.chunk)
    # Read again, for other chunks may have finished since; whoever sees that none is left folds the row.
    latest = batch_store.row(key, message.course_id)
    num_reserved = reserved_by_run[message.run]
    if latest is not None and latest.run != message.run and num_reserved:
        result = chunk_store.chunk_result(key, message.course_id, message.chunk)
        if _is_counted_later(result, message):
            seating.give_back(key, message, num_reserved)
    if latest is not None and latest.run == message.run and latest.chunks_left == 0:
        return fold(key, latest)
    return []
