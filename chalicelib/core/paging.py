"""Lists in pages. A cursor is opaque, and good only for the list and the caller it was made for."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import ConfigDict, Field

from chalicelib.core.errors import FieldError, Invalid
from chalicelib.core.ids import short_hash
from chalicelib.core.lazy import BaseModel

if TYPE_CHECKING:
    from chalicelib.web.routing import Call

T = TypeVar("T")

DEFAULT_LIMIT = 50
MAX_LIMIT = 100


class PageQuery(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="How many at most, 1 to 100.")
    cursor: str | None = Field(None, max_length=2000, description="`next_cursor` of the page before.")


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


class Pager:
    """Turns positions of one list, for one caller, into cursors and back."""

    def __init__(self, caller: str, list_name: str, query: PageQuery) -> None:
        self.limit = query.limit
        self._binding = short_hash(caller, list_name)[:16]
        self.position = self._read(query.cursor) if query.cursor else None

    @classmethod
    def of(cls, call: "Call[Any, Any]") -> "Pager":
        """The pages of a route: its path and its filters are the list that a cursor is bound to."""
        query: PageQuery = call.query
        filters = query.model_dump_json(exclude={"limit", "cursor"})
        return cls(call.account_id, f"{call.route} {filters}", query)

    def cursor(self, position: str | None) -> str | None:
        if position is None:
            return None
        packed = json.dumps([self._binding, position]).encode()
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    def _read(self, cursor: str) -> str:
        try:
            packed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            binding, position = json.loads(packed)
        except (binascii.Error, ValueError, TypeError, RecursionError):
            raise invalid_cursor() from None
        if binding != self._binding or not isinstance(position, str) or not _is_key(position):
            raise invalid_cursor()
        return position


def _is_key(position: str) -> bool:
    """DynamoDB takes sort keys of 1 to 1,024 bytes, in whole characters."""
    try:
        return 0 < len(position.encode()) <= 1024
    except UnicodeEncodeError:
        return False


def invalid_cursor() -> Invalid:
    return Invalid(FieldError("cursor", "invalid_cursor", "This cursor is not of this list; start without one."))
