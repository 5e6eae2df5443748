"""Whom a run of a chunk may enroll with the seats it can have, over seats in memory.

That none is lost or given twice when runs and deliveries meet, tests/faults/training/batches shows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.core.errors import ConditionFailed, Unavailable
from chalicelib.training.batches import seats
from chalicelib.training.batches.seats import Candidates, SeatHolding
from chalicelib.training.batches.states import EnrollmentStatus


@dataclass
class Seats:
    """Of one course. `refusals` are what the next writes are refused with, and what is so from then on."""

    limit: int | None = 10
    taken: int = 0
    reserved: dict[int, int] = field(default_factory=dict)
    existing: dict[str, Any] = field(default_factory=dict)
    refusals: list[tuple[list[int], dict[str, Any]]] = field(default_factory=list)
    writes: list[tuple[Any, ...]] = field(default_factory=list)
    looked_up: list[list[str]] = field(default_factory=list)

    def num_reserved(self, run: Any, number: int) -> int:
        return self.reserved.get(number, 0)

    def reserve_seats(self, run: Any, number: int, limit: int) -> None:
        self._write("under a limit", number, limit)

    def reserve_unlimited(self, run: Any, before: int, number: int) -> None:
        self._write("without a limit", before, number)

    def release_seats(self, run: Any, number: int) -> None:
        self._write("released", number)

    def _write(self, *write: Any) -> None:
        self.writes.append(write)
        if self.refusals:
            failed, by_now = self.refusals.pop(0)
            for name, value in by_now.items():
                setattr(self, name, value)
            raise ConditionFailed(failed)

    def enrollments_in(self, org_id: str, course_id: str, member_ids: Sequence[str]) -> dict[str, Any]:
        self.looked_up.append(list(member_ids))
        return {one: self.existing[one] for one in member_ids if one in self.existing}


@pytest.fixture
def course(monkeypatch: pytest.MonkeyPatch) -> Seats:
    made = Seats()
    monkeypatch.setattr(seats, "chunk_store", made)
    monkeypatch.setattr(seats, "enrollment_store", made)
    monkeypatch.setattr(seats, "seat_limit", lambda org_id, course_id: made.limit)
    monkeypatch.setattr(seats, "seats_taken", lambda org_id, course_id: made.taken)
    return made


def _run(limit: int | None = 10, held: int = 0, *, chunks_left: int = 1, size: int = 3, again: bool = False) -> Any:
    """Of batch `b`, the second run of one chunk."""
    return SimpleNamespace(
        key=SimpleNamespace(org_id="1", batch_id="b"), row=SimpleNamespace(course_id="c", chunks_left=chunks_left),
        partition=SimpleNamespace(sizes=[1, size], reenroll_completed=again),
        seat_limit=limit, num_reserved=held, number=2,
    )  # fmt: skip


def _people(*member_ids: str, enrolled: set[str] | None = None, counted: int = 0) -> Candidates:
    return Candidates(member_ids, enrolled, counted)


def _enrolled(status: EnrollmentStatus = EnrollmentStatus.ENROLLED, batch_id: str = "other") -> Any:
    return SimpleNamespace(status=status, batch_id=batch_id)


ABC = ("a", "b", "c")
NONE: Mapping[int, int] = {}


def test_seats_used_are_those_of_everybody_enrolled_without_those_that_were_counted() -> None:
    first = _people(*ABC, counted=2)
    assert (first.num_at_most, first.num_used({"a"}), first.num_used(set())) == (3, 1, 0)
    again = _people("c", "d", enrolled={"a", "b", "c"}, counted=2)
    assert (again.num_at_most, again.num_used(set()), again.num_used({"a", "d"})) == (2, 1, 2)


def test_orphaned_seats_are_those_that_earlier_runs_still_hold(course: Seats) -> None:
    course.reserved = {1: 2, 2: 0, 3: 1}
    assert seats.orphaned(_run(), [1, 2, 4]) == {1: 2}
    assert SeatHolding(1, {1: 2, 3: 1}).num_orphaned == 3


@pytest.mark.parametrize(
    ("taken", "orphaned", "number"),
    [(0, {}, 3), (7, {}, 3), (8, {}, 2), (10, {}, 0), (12, {}, 0), (0, {1: 2}, 1), (0, {1: 5}, 0)],
)
def test_as_many_seats_as_are_needed_beside_the_orphaned_ones_or_as_are_free(
    course: Seats, taken: int, orphaned: dict[int, int], number: int
) -> None:
    course.taken = taken
    assert seats.reserve(_run(), _people(*ABC), orphaned) == SeatHolding(number, orphaned)
    assert course.writes == ([("under a limit", number, 10)] if number else [])


def test_who_needs_no_seat_is_looked_up_only_where_seats_may_run_short(course: Seats) -> None:
    course.existing = {"a": _enrolled()}
    for course.taken in (3, 4):
        assert seats.reserve(_run(chunks_left=2), _people(*ABC), NONE).number == 3
        assert course.looked_up == []
    assert seats.reserve(_run(chunks_left=3), _people(*ABC), NONE).number == 2
    assert course.looked_up == [["a", "b", "c"]]


def test_a_run_that_has_its_seats_or_may_have_none_takes_no_more(course: Seats) -> None:
    assert seats.reserve(_run(held=2), _people(*ABC), {1: 1}) == SeatHolding(2, {1: 1})
    assert seats.reserve(_run(limit=None), _people(*ABC), {1: 1}) == SeatHolding(0, {1: 1})
    assert course.writes == []


def test_without_a_limit_there_are_seats_for_everybody_and_they_are_counted(course: Seats) -> None:
    assert seats.reserve(_run(limit=0), _people(*ABC), {1: 1}) == SeatHolding(2, {1: 1}, for_all=True)
    assert seats.reserve(_run(limit=0, held=1), _people(*ABC), NONE) == SeatHolding(3, NONE, for_all=True)
    assert course.writes == [("without a limit", 0, 2), ("without a limit", 1, 3)]
    course.writes.clear()
    # It holds more than it needs by now, as many, or the orphaned ones are enough.
    assert seats.reserve(_run(limit=0, held=5), _people(*ABC), NONE).number == 5
    assert seats.reserve(_run(limit=0, held=3), _people(*ABC), NONE).number == 3
    assert seats.reserve(_run(limit=0), _people(*ABC), {1: 4}).number == 0
    assert course.writes == []


def test_when_others_took_seats_or_the_limit_changed_it_looks_again(course: Seats) -> None:
    course.refusals = [([1], {"taken": 9}), ([2], {"limit": 11})]
    assert seats.reserve(_run(), _people(*ABC), NONE) == SeatHolding(2, NONE)
    assert course.writes == [("under a limit", 3, 10), ("under a limit", 1, 10), ("under a limit", 2, 11)]


def test_a_limit_that_is_gone_by_then_gives_seats_to_all_and_one_that_came_none_beyond_it(course: Seats) -> None:
    course.refusals = [([2], {"limit": 0})]
    assert seats.reserve(_run(), _people(*ABC), NONE) == SeatHolding(3, NONE, for_all=True)
    course.refusals = [([2], {"limit": 2})]
    assert seats.reserve(_run(limit=0), _people(*ABC), NONE) == SeatHolding(2, NONE)
    course.refusals = [([2], {"limit": None})]
    assert seats.reserve(_run(limit=0), _people(*ABC), NONE) == SeatHolding(0, NONE)


def test_another_delivery_s_seats_are_this_run_s(course: Seats) -> None:
    course.refusals = [([0], {"reserved": {2: 2}})]
    assert seats.reserve(_run(), _people(*ABC), NONE) == SeatHolding(2, NONE)
    assert len(course.writes) == 1


def test_without_a_limit_it_adds_to_what_another_delivery_took_and_ends_when_that_has_settled(course: Seats) -> None:
    course.limit = 0
    course.refusals = [([0], {"reserved": {2: 2}})]
    assert seats.reserve(_run(limit=0), _people(*ABC), NONE) == SeatHolding(3, NONE, for_all=True)
    assert course.writes == [("without a limit", 0, 3), ("without a limit", 2, 3)]
    # The other has finished: its seats are none any more, and this one enrolls nobody with seats it has not.
    for by_now in ({2: 0}, {2: 1}):
        course.refusals = [([0], {"reserved": by_now})]
        assert seats.reserve(_run(limit=0, held=1), _people(*ABC), NONE) == SeatHolding(by_now[2], NONE)


def test_it_gives_up_after_eight_tries(course: Seats) -> None:
    course.refusals = [([1], {})] * 9
    with pytest.raises(Unavailable) as refused:
        seats.reserve(_run(), _people(*ABC), NONE)
    assert refused.value.code == "seats_contended"
    assert len(course.writes) == 8


@pytest.mark.parametrize(
    ("existing", "again", "number", "allowed"),
    [
        ({}, False, 2, "ab"),
        ({}, False, 0, ""),
        ({}, False, 3, "abc"),
        # Enrolled by another batch: needs none. One by this batch has used one.
        ({"a": _enrolled()}, False, 1, "ab"),
        ({"a": _enrolled(batch_id="b")}, False, 1, "a"),
        ({"a": _enrolled(batch_id="b")}, False, 2, "ab"),
        ({"b": _enrolled(EnrollmentStatus.COMPLETED)}, False, 1, "ab"),
        ({"b": _enrolled(EnrollmentStatus.COMPLETED)}, True, 1, "a"),
        ({"b": _enrolled(EnrollmentStatus.CANCELLED)}, False, 1, "a"),
        ({"b": _enrolled(EnrollmentStatus.CANCELLED, batch_id="a")}, False, 1, "a"),
    ],
)
def test_seats_go_in_the_order_of_ids_to_those_who_need_one(
    course: Seats, existing: dict[str, Any], again: bool, number: int, allowed: str
) -> None:
    course.existing = existing
    candidates = _people(*ABC, enrolled=set())
    given = seats.allocate(_run(again=again), candidates, SeatHolding(number, NONE))
    assert given == (list(allowed), [one for one in ABC if one not in allowed])


def test_on_a_first_delivery_with_enough_seats_nobody_is_looked_up(course: Seats) -> None:
    for number, orphaned in ((3, NONE), (4, NONE), (1, {1: 2})):
        assert seats.allocate(_run(), _people(*ABC), SeatHolding(number, orphaned)) == (ABC, [])
    everybody = SeatHolding(0, NONE, for_all=True)
    assert seats.allocate(_run(), _people(*ABC, enrolled=set()), everybody) == (ABC, [])
    assert course.looked_up == []
    assert seats.allocate(_run(), _people(*ABC), SeatHolding(2, NONE)) == (["a", "b"], ["c"])
    assert len(course.looked_up) == 1
    # In a course that was taken away, not even those of a run that died.
    assert seats.allocate(_run(limit=None), _people(*ABC), SeatHolding(1, {1: 2})) == (["a"], ["b", "c"])


def test_seats_of_a_run_that_cannot_finish_are_given_back_by_one_delivery(course: Seats) -> None:
    seats.release(_run(), 2)
    course.refusals = [([0], {})]
    seats.release(_run(), 2)
    assert course.writes == [("released", 2)] * 2
