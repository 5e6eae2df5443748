"""Pages over HTTP. A cursor is opaque and valid only for its list and its caller."""

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from pydantic import Field

from chalicelib.core.ids import short_hash
from chalicelib.core.paging import invalid_cursor
from chalicelib.web.schemas import Form

if TYPE_CHECKING:
    from chalicelib.web.routing import Call

DEFAULT_LIMIT = 50
MAX_LIMIT = 100


class PageQuery(Form):
    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="How many at most, 1 to 100.")
    cursor: str | None = Field(None, max_length=2000, description="`next_cursor` of the page before.")


class Pager:
    """Translates positions of one list, for one caller, into cursors and back. `position` is where the page starts."""

    def __init__(self, caller: str, list_name: str, query: PageQuery) -> None:
        self.limit = query.limit
        self._binding = short_hash(caller, list_name)[:16]
        self.position = self._read(query.cursor) if query.cursor else None

    @classmethod
    def of(cls, call: "Call[Any, Any]") -> "Pager":
        """The pages of a route. A cursor is bound to the route's path and its filters."""
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
    """DynamoDB takes sort keys of 1 to 1,024 bytes of UTF-8."""
    try:
        return 0 < len(position.encode()) <= 1024
    except UnicodeEncodeError:
        return False
