"""Lists in pages. A cursor is opaque, and good only for the list and the caller it was made for."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.core.errors import FieldError, Invalid
from chalicelib.core.ids import short_hash

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


class Pager:
    """Turns positions of one list, for one caller, into cursors and back."""

    def __init__(self, caller: str, list_name: str, query: PageQuery) -> None:
        self.limit = query.limit
        self._binding = short_hash(caller, list_name)[:16]
        self.position = self._read(query.cursor) if query.cursor else None

    def cursor(self, position: str | None) -> str | None:
        if position is None:
            return None
        packed = json.dumps([self._binding, position]).encode()
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    def _read(self, cursor: str) -> str:
        try:
            packed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            binding, position = json.loads(packed)
        except (binascii.Error, ValueError, TypeError):
            raise _wrong_cursor() from None
        if binding != self._binding or not isinstance(position, str):
            raise _wrong_cursor()
        return position


def _wrong_cursor() -> Invalid:
    return Invalid(FieldError("cursor", "invalid_cursor", "This cursor is not of this list; start without one."))
