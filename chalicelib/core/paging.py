"""Pages of a list as stores give them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    pass

T = TypeVar("T")


@dataclass(frozen=True)
class Slice(Generic[T]):
    """One page as a store gives it: `position` is where the next one starts, None at the end."""

    items: Sequence[T]
    position: str | None


def sift(
    read: Callable[[str | None], Slice[T]],
    keep: Callable[[T], bool],
    position_of: Callable[[T], str],
    limit: int,
    after: str | None,
    max_reads: int,
) -> Slice[T]:
    """Read on until `limit` items are kept. What is not kept costs a read as well, hence `max_reads`:
    a page may be short, or empty, and still not be the last.
    """
    kept: list[T] = []
    for _ in range(max_reads):
        page = read(after)
        for index, item in enumerate(page.items):
            if not keep(item):
                continue
            kept.append(item)
            if len(kept) == limit:
                is_last = page.position is None and index == len(page.items) - 1
                return Slice(kept, None if is_last else position_of(item))
        after = page.position
        if after is None:
            break
    return Slice(kept, after)
