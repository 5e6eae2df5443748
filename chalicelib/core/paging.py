"""Pages of a list, as stores return them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a store's answer. `next_position` is where the next page starts, None at the end."""

    items: Sequence[T]
    next_position: str | None


def filtered_page(
    read: Callable[[str | None], Page[T]],
    keep: Callable[[T], bool],
    position_of: Callable[[T], str],
    limit: int,
    after: str | None,
    max_reads: int,
) -> Page[T]:
    """Read pages until `limit` items pass `keep`, or `max_reads` pages were read.

    A page may therefore be short or empty and still not be the last.
    """
    kept: list[T] = []
    for _ in range(max_reads):
        page = read(after)
        for index, item in enumerate(page.items):
            if not keep(item):
                continue
            kept.append(item)
            if len(kept) == limit:
                is_last = page.next_position is None and index == len(page.items) - 1
                return Page(kept, None if is_last else position_of(item))
        after = page.next_position
        if after is None:
            break
    return Page(kept, after)
