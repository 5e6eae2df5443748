"""Lists read to their end, as sheets."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from chalicelib.core.csv_files import Sheet
from chalicelib.web.paging import Pager, every_item

# Larger pages than the API's: fewer reads, and still only one page in memory at a time.
_ROWS_AT_ONCE = 1000


class _Page(Protocol):
    @property
    def items(self) -> Sequence[Any]: ...

    @property
    def next_cursor(self) -> str | None: ...


def all_items(page_at: Callable[[Pager], _Page]) -> Iterator[Any]:
    return every_item(page_at, _ROWS_AT_ONCE)


def field_sheet(fields: Sequence[str], items: Iterator[Any]) -> Sheet:
    """A column for each field of the list's items, under the same name."""
    return Sheet(fields, ([getattr(item, field) for field in fields] for item in items))
