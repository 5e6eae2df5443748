"""Every write that takes or frees seats of a course: what it does, and when it must not."""

from collections.abc import Sequence

import pytest

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.core.errors import ConditionFailed
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.organizations import seat_store
from chalicelib.tenants.organizations.models import ENTITLEMENTS_SK, Entitlements, SeatCount, seats_sk
from tests.harness import World


def _failed(writes: Sequence[Write]) -> list[int]:
    """The indexes of those that must not be; empty when all were done."""
    try:
        table.transact(writes)
    except ConditionFailed as refused:
        return sorted(refused.failed)
    return []


def _entitle(**seats: int) -> None:
    entitlements = Entitlements(org_pk("1"), ENTITLEMENTS_SK, seats_by_course=seats)
    table.transact([Write("put", entitlements)])


def _taken(course: str = "a") -> tuple[int, int]:
    """Seats, and how often they or their enrollments changed."""
    found = table.get(SeatCount, org_pk("1"), seats_sk(course))
    return (int(found.taken), int(found.changes)) if found else (0, 0)


def test_no_more_seats_are_taken_than_there_are(world: World) -> None:
    assert _failed([seat_store.take_write("1", "a", 4, 3)]) == [0]
    assert _failed([seat_store.take_write("1", "a", 3, 3)]) == []
    assert _failed([seat_store.take_write("1", "a", 1, 3)]) == [0]
    assert _failed([seat_store.take_write("1", "a", 1, 4)]) == []
    assert (_taken(), _taken("b")) == ((4, 2), (0, 0))


def test_what_is_counted_without_a_check_goes_over_and_back(world: World) -> None:
    for number in (5, -2, 0):
        assert _failed([seat_store.count_write("1", "a", number)]) == []
    assert _taken() == (3, 3)
    assert seat_store.seats_taken("1", "a") == 3
    assert seat_store.seats_taken("1", "b") == 0
    assert seat_store.seats_taken_of("1", iter(["a", "b"])) == {"a": 3, "b": 0}


def test_seats_are_reserved_under_the_limit_that_was_read(world: World) -> None:
    assert _failed(seat_store.reserve_writes("1", "a", 1, 3)) == [1]
    _entitle(a=3, b=0)
    assert _failed(seat_store.reserve_writes("1", "a", 4, 3)) == [0]
    assert _failed(seat_store.reserve_writes("1", "a", 2, 3)) == []
    assert _failed(seat_store.reserve_writes("1", "a", 1, 4)) == [1]
    assert _failed(seat_store.reserve_writes("1", "a", 1, 0)) == [1]
    assert _failed(seat_store.reserve_writes("1", "b", 9, 0)) == []
    assert (_taken(), _taken("b")) == ((2, 1), (9, 1))


@pytest.mark.parametrize(
    ("before", "after", "checked"),
    [
        ({"a": 3}, {"a": 2}, {"a"}),
        ({"a": 3}, {"a": 3}, set()),
        ({"a": 2}, {"a": 3}, set()),
        # From no limit to one, and to none.
        ({"a": 0}, {"a": 9}, {"a"}),
        ({"a": 3}, {"a": 0}, set()),
        # Of a course that it may use again, seats may still be taken.
        ({}, {"a": 3, "b": 0}, {"a"}),
        ({"a": 3}, {}, set()),
    ],
)
def test_only_a_lower_limit_is_checked(before: dict[str, int], after: dict[str, int], checked: set[str]) -> None:
    assert set(seat_store.limit_checks("1", before, after)) == checked


def test_a_limit_is_not_lowered_below_what_is_taken(world: World) -> None:
    check = seat_store.limit_checks("1", {"a": 9}, {"a": 3})["a"]
    assert _failed([check]) == []
    for number, failed in ((3, []), (1, [0])):
        assert _failed([seat_store.count_write("1", "a", number)]) == []
        assert _failed([check]) == failed


def test_entitlements_are_replaced_as_they_were_read(world: World) -> None:
    none = seat_store.entitlements("1")
    assert seat_store.seats_of(none) == {}
    assert _failed([seat_store.entitle_write(none, {"a": 3})]) == []
    # Somebody else was first.
    assert _failed([seat_store.entitle_write(none, {"a": 4})]) == [0]
    current = seat_store.entitlements("1")
    assert seat_store.seats_of(current) == {"a": 3}
    assert _failed([seat_store.entitle_write(current, {})]) == []
    assert _failed([seat_store.entitle_write(current, {"b": 1})]) == [0]
    assert _failed([seat_store.entitle_write(seat_store.entitlements("1"), {"b": 0})]) == []
    assert seat_store.entitled_courses("1") == {"b"}
    assert [seat_store.seat_limit("1", course) for course in "ab"] == [None, 0]
    assert seat_store.seat_limit_in(None, "a") is None
