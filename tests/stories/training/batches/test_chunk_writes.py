"""Seats and results of a chunk, write by write: what a second delivery, a later run or a new limit must stop."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.core.errors import ConditionFailed
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.organizations.models import ENTITLEMENTS_SK, Entitlements, SeatCount, seats_sk
from chalicelib.training.batches import chunk_store
from chalicelib.training.batches.chunk_store import ChunkRun
from chalicelib.training.batches.messages import EnrollChunk
from chalicelib.training.batches.models import ChunkResult, Partition, Row, batch_pk, partition_sk, row_sk
from tests.harness import World

PK = batch_pk("1", "2")
SIZES = [3, 4]


def _failed(do: Callable[[], object]) -> list[int]:
    """The indexes of the writes that must not be."""
    try:
        do()
    except ConditionFailed as refused:
        return sorted(refused.failed)
    return []


def _limit(seats: int) -> None:
    table.transact([Write("put", Entitlements(org_pk("1"), ENTITLEMENTS_SK, seats_by_course={"a": seats}))])


def _row(**values: Any) -> None:
    given: dict[str, Any] = {
        "partition_id": "p",
        "status": "enrolling",
        "num_chunks": 2,
        "chunks_left": 2,
        "num_targeted": 7,
        "run": 1,
        **values,
    }
    row = Row(PK, row_sk("a"), course_id="a", title="A", enroll_at="", **given)
    table.transact([Write("put", row)])


def _run(chunk: int = 0, number: int = 1) -> ChunkRun:
    """As it is read when its message comes."""
    found = _read(chunk=chunk, number=number)
    assert found is not None
    return found


def _read(chunk: int = 0, number: int = 1, partition: str = "p", batch: str = "2") -> ChunkRun | None:
    message = EnrollChunk(
        msp_id="0", org_id="1", batch_id=batch, course_id="a", chunk=chunk, run=number, partition_id=partition
    )
    return chunk_store.chunk_run(message, NOW[0])


NOW: list[Any] = []


@pytest.fixture(autouse=True)
def _row_of_two_chunks(world: World) -> None:
    NOW[:] = [world.now]
    partition = Partition(PK, partition_sk("p"), recipients={}, bounds=["m3", "m7"], sizes=SIZES)
    table.transact([Write("put", partition)])
    _row()
    _limit(5)


def _seats() -> tuple[int, int]:
    """Taken, and held by the first run."""
    count = table.get(SeatCount, org_pk("1"), seats_sk("a"))
    return (int(count.taken) if count else 0), chunk_store.num_reserved(_run(), 1)


def _result(num_enrolled: int, run: int = 1, num_targeted: int = 3) -> ChunkResult:
    return ChunkResult(
        run=run, num_targeted=num_targeted, num_enrolled=num_enrolled, num_already=1, num_skipped=0, num_failed=0,
        member_ids_by_code={},
    )  # fmt: skip


def _stored_row() -> Row:
    found = table.get(Row, PK, row_sk("a"))
    assert found is not None
    return found


def test_a_run_is_of_a_chunk_that_the_row_has(world: World) -> None:
    run = _run()
    assert (run.bounds, _run(1).bounds) == ((("", "m3")), ("m3", None))
    assert (run.is_done, run.was_started, run.seat_limit, run.num_reserved) == (False, False, 5, 0)
    for nothing in (_read(chunk=2), _read(chunk=-1), _read(partition="q"), _read(batch="3")):
        assert nothing is None
    # The row has another partition by now, one that is not there.
    _row(partition_id="q")
    assert (_read(), _read(partition="q")) == (None, None)
    _row()
    assert chunk_store.mark_started(run)
    assert not chunk_store.mark_started(run)
    assert (_run().was_started, _run(number=2).was_started, _run(1).was_started) == (True, False, False)


def test_a_run_takes_its_seats_once_and_under_the_limit(world: World) -> None:
    run = _run()
    assert _failed(lambda: chunk_store.reserve_seats(run, 6, 5)) == [1]
    assert _failed(lambda: chunk_store.reserve_seats(run, 3, 4)) == [2]
    assert _failed(lambda: chunk_store.reserve_seats(run, 3, 5)) == []
    assert (_seats(), _run().num_reserved) == ((3, 3), 3)
    assert 0 in _failed(lambda: chunk_store.reserve_seats(run, 1, 5))
    assert _failed(lambda: chunk_store.reserve_seats(_run(1), 3, 5)) == [1]
    assert _failed(lambda: chunk_store.reserve_seats(_run(1), 2, 5)) == []
    assert _seats() == (5, 3)


def test_seats_without_a_limit_grow_from_what_the_run_has(world: World) -> None:
    run = _run()
    assert _failed(lambda: chunk_store.reserve_unlimited(run, 0, 3)) == [2]
    _limit(0)
    assert _failed(lambda: chunk_store.reserve_unlimited(run, 0, 3)) == []
    assert _failed(lambda: chunk_store.reserve_unlimited(run, 0, 4)) == [0]
    assert _failed(lambda: chunk_store.reserve_unlimited(run, 2, 4)) == [0]
    assert _failed(lambda: chunk_store.reserve_unlimited(run, 3, 4)) == []
    assert _seats() == (4, 4)


def test_seats_that_are_given_back_are_given_back_once_and_not_taken_again(world: World) -> None:
    run = _run()
    chunk_store.reserve_seats(run, 3, 5)
    assert _failed(lambda: chunk_store.release_seats(run, 2)) == [0]
    assert _failed(lambda: chunk_store.release_seats(run, 3)) == []
    assert _failed(lambda: chunk_store.release_seats(run, 3)) == [0]
    assert 0 in _failed(lambda: chunk_store.reserve_seats(run, 3, 5))
    assert _seats() == (0, 0)


def test_a_result_adds_to_the_row_and_settles_seats_once(world: World) -> None:
    _row(due_by="2027-02-01")
    run = _run()
    chunk_store.reserve_seats(run, 3, 5)
    assert _failed(lambda: chunk_store.finish_chunk(run, _result(2, num_targeted=4), {1: 3})) == []
    row = _stored_row()
    # One more than planned; of three seats two are used.
    assert (row.chunks_left, row.num_targeted, row.num_enrolled, row.num_already) == (1, 8, 2, 1)
    assert dict(row.open_due.as_dict()) == {"2027-02-01": 2}  # type: ignore[no-untyped-call]
    assert _seats() == (2, 0)
    assert 0 in _failed(lambda: chunk_store.finish_chunk(run, _result(2), {}))
    assert (_run().is_done, _run(number=2).is_done) == (True, False)


def test_the_next_run_adds_what_it_changes_and_settles_what_the_one_before_held(world: World) -> None:
    first = _run()
    chunk_store.reserve_seats(first, 2, 5)
    chunk_store.finish_chunk(first, _result(1), {})
    _row(run=2, chunks_left=1, num_enrolled=1, num_already=1)
    again = _run(number=2)
    assert _failed(lambda: chunk_store.finish_chunk(again, _result(3, run=2), {1: 1})) == [2]
    assert _failed(lambda: chunk_store.finish_chunk(again, _result(3, run=2), {1: 2, 2: 0})) == []
    row = _stored_row()
    assert (row.chunks_left, row.num_targeted, row.num_enrolled, row.num_already) == (0, 7, 3, 1)
    # One that the first run counted, two that it held and this run used.
    assert _seats() == (3, 0)
    late = _result(1, run=2)
    assert 0 in _failed(lambda: chunk_store.finish_chunk(again, late, {}))


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_late_result_counts_after_its_row_failed_or_was_cancelled(world: World, status: str) -> None:
    run = _run()
    _row(status=status)
    assert _failed(lambda: chunk_store.finish_chunk(run, _result(2), {})) == []
    assert (_stored_row().status, _stored_row().num_enrolled) == (status, 2)


@pytest.mark.parametrize("values", [{"run": 2}, {"status": "enrolled"}, {"status": "scheduled"}])
def test_a_row_that_is_in_another_run_or_accepts_none_takes_no_result(world: World, values: dict[str, Any]) -> None:
    run = _run()
    _row(**values)
    assert _failed(lambda: chunk_store.finish_chunk(run, _result(2), {})) == [1]
    assert _stored_row().num_enrolled == 0


def test_nothing_enrolled_changes_no_seats_and_leaves_nothing_due(world: World) -> None:
    _row(due_by="2027-02-01")
    assert _failed(lambda: chunk_store.finish_chunk(_run(), _result(0), {})) == []
    assert table.get(SeatCount, org_pk("1"), seats_sk("a")) is None
    assert _stored_row().open_due.as_dict() == {}  # type: ignore[no-untyped-call]


def test_why_somebody_was_not_enrolled_is_found_by_range_or_by_member(world: World) -> None:
    key = _run().key
    for chunk, codes in enumerate(({"x": ["m1", "m3"]}, {"y": ["m4", "m9"]})):
        result = _result(0)
        result.pk, result.sk, result.member_ids_by_code = PK, f"CHUNK#a#{chunk:06d}", codes
        table.transact([Write("put", result)])
        assert chunk_store.chunk_number(result) == chunk
    asked = ["m1", "m2", "m3", "m4", "m9"]
    assert chunk_store.codes_of(key, _stored_row(), asked) == {"m1": "x", "m3": "x", "m4": "y", "m9": "y"}
    _row(partition_id=None)
    assert chunk_store.codes_of(key, _stored_row(), asked) == {}
    _row(group_id="g")
    mine = _result(0)
    mine.pk, mine.sk, mine.member_ids_by_code = PK, "CHUNK#a#m1", {"z": ["m1"]}
    table.transact([Write("put", mine)])
    assert chunk_store.codes_of(key, _stored_row(), asked) == {"m1": "z"}
    assert [one.sk for one in chunk_store.chunk_results(key, "a")] == ["CHUNK#a#000000", "CHUNK#a#000001", "CHUNK#a#m1"]
    first = chunk_store.chunk_page(key, "a", 2, None)
    assert [one.sk for one in first.items] == ["CHUNK#a#000000", "CHUNK#a#000001"]
    assert chunk_store.chunk_result(key, "a", 1) is not None
    assert chunk_store.chunk_result(key, "b", 1) is None
