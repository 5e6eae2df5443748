"""Read, decide, write under the condition that nothing changed meanwhile, or look again."""

from collections.abc import Callable
from typing import TypeVar

from chalicelib.core.errors import ConditionFailed, Unavailable

T = TypeVar("T")


def until_settled(step: Callable[[], T], tries: int = 5) -> T:
    """Run `step` until its writes meet no change by somebody else; each time it reads anew and decides anew.

    Raises Unavailable after the last try; whatever else `step` raises goes through.
    """
    for _ in range(tries):
        try:
            return step()
        except ConditionFailed:
            continue
    raise Unavailable()
