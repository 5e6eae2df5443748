"""Read, decide and write on condition that nothing changed; repeat when it did (optimistic locking)."""

from collections.abc import Callable
from typing import TypeVar

from chalicelib.core.errors import ConditionFailed, Unavailable

T = TypeVar("T")


def until_settled(step: Callable[[], T], tries: int = 5) -> T:
    """Run `step` until it raises no ConditionFailed. Each time it reads and decides again.

    Raises Unavailable after the last try. Other exceptions of `step` pass through.
    """
    for _ in range(tries):
        try:
            return step()
        except ConditionFailed:
            continue
    raise Unavailable()
