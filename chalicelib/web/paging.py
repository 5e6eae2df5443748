"""Pages over HTTP. A cursor is opaque and valid only for its list and its caller."""

import base64
import binascii
import hmac
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from pydantic import Field

from chalicelib.core.errors import FieldError, Invalid
from chalicelib.web.cursor_key import cursor_key
from chalicelib.web.schemas import Form

if TYPE_CHECKING:
    from chalicelib.web.routing import Call

DEFAULT_LIMIT = 50
MAX_LIMIT = 100
_SEAL_BYTES = 16


class PageQuery(Form):
    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="How many at most, 1 to 100.")
    cursor: str | None = Field(None, min_length=1, max_length=2000, description="`next_cursor` of the page before.")


class Pager:
    """Translates positions of one list, for one caller, into cursors and back. `position` is where the page starts.

    A cursor is the position behind a seal over the caller, the list and the position: one that was not given out for
    them is refused before any store sees it.
    """

    def __init__(self, caller: str, list_name: str, query: PageQuery) -> None:
        self.limit = query.limit
        self._binding = f"{caller}\0{list_name}\0".encode()
        self.position = self._read(query.cursor) if query.cursor is not None else None

    @classmethod
    def of(cls, call: "Call[Any, Any]") -> "Pager":
        """The pages of a route. A cursor is bound to the route's path and its filters."""
        query: PageQuery = call.query
        filters = query.model_dump_json(exclude={"limit", "cursor"})
        return cls(call.account_id, f"{call.route} {filters}", query)

    def cursor(self, position: str | None) -> str | None:
        if position is None:
            return None
        packed = position.encode()
        return base64.urlsafe_b64encode(self._seal(packed) + packed).decode().rstrip("=")

    def _read(self, cursor: str) -> str:
        try:
            sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise invalid_cursor() from None
        seal, packed = sealed[:_SEAL_BYTES], sealed[_SEAL_BYTES:]
        if not hmac.compare_digest(seal, self._seal(packed)):
            raise invalid_cursor()
        return packed.decode()

    def _seal(self, packed: bytes) -> bytes:
        return hmac.digest(cursor_key(), self._binding + packed, "sha256")[:_SEAL_BYTES]


class Walk(Pager):
    """The pages of a list read to its end in one process: their cursors are the bare positions."""

    def __init__(self, limit: int, position: str | None) -> None:
        self.limit = limit
        self.position = position

    def cursor(self, position: str | None) -> str | None:
        return position


def every_item(page_at: Callable[[Pager], Any], at_once: int = MAX_LIMIT) -> Iterator[Any]:
    """The items of a list to its end, page by page as they are asked for. `page_at` gives `items` and `next_cursor`."""
    position: str | None = None
    while True:
        page = page_at(Walk(at_once, position))
        yield from page.items
        position = page.next_cursor
        if position is None:
            return


def invalid_cursor() -> Invalid:
    problem = "This page of the list can't be shown. Please start from the first page."
    return Invalid(FieldError("cursor", "invalid_cursor", problem))
