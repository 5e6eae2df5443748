"""Rate limits when two uses are counted at the same moment: neither is lost, and none is let through too much."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from botocore.client import BaseClient

from chalicelib.core.errors import TooMany
from chalicelib.web import rate_limits
from tests.harness import World

LIMIT = 4


def _is_taken(world: World) -> bool:
    try:
        rate_limits.take("try", "somebody", LIMIT, timedelta(minutes=1), world.now)
    except TooMany:
        return False
    return True


@contextmanager
def _before_call(at: int, do: Callable[[], object]) -> Iterator[list[str]]:
    """Do something just before AWS call number `at`, and list the calls but its own."""
    made: list[str] = []
    call = BaseClient._make_api_call
    inside = False

    def counted(self: Any, operation: str, parameters: dict[str, Any]) -> Any:
        nonlocal inside
        if not inside:
            made.append(operation)
            if len(made) == at:
                inside = True
                do()
                inside = False
        return call(self, operation, parameters)

    with mock.patch.object(BaseClient, "_make_api_call", counted):
        yield made


def _at_once(world: World, at: int) -> list[bool] | None:
    """Two uses, the second just before call `at` of the first; None when the first makes fewer calls."""
    taken: list[bool] = []
    with _before_call(at, lambda: taken.append(_is_taken(world))) as made:
        taken.append(_is_taken(world))
    return taken if len(made) >= at else None


@pytest.mark.parametrize("at", [1, 2])
@pytest.mark.parametrize("num_before", range(LIMIT))
def test_two_uses_at_the_same_moment_are_both_counted(world: World, num_before: int, at: int) -> None:
    assert [_is_taken(world) for _ in range(num_before)] == [True] * num_before
    taken = _at_once(world, at)
    num_now = 1 if taken is None else 2
    num_free = LIMIT - num_before
    if taken is not None:
        assert sum(taken) == min(num_free, num_now)
    num_left = max(0, num_free - num_now)
    assert [_is_taken(world) for _ in range(LIMIT)] == [True] * num_left + [False] * (LIMIT - num_left)
