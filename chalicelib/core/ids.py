"""Ids: ULIDs, which sort by their time of creation, and ids derived from others."""

import hashlib
import re
from datetime import datetime

from ulid import ULID

# Those of the time.
_TIME_CHARS = 10
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


def new_id(now: datetime) -> str:
    """A ULID: the time `now` and 80 random bits."""
    return str(ULID.from_datetime(now))


def last_id(now: datetime) -> str:
    """The greatest id of this instant: whatever has one by now is not behind it."""
    return new_id(now)[:_TIME_CHARS] + "Z" * (26 - _TIME_CHARS)


def time_of(ulid: str) -> datetime:
    """When the id, or the one that it is derived from, was created."""
    return ULID.from_str(ulid).datetime


def is_ulid(text: str) -> bool:
    """Whether this could be an id of ours, as we write it."""
    return _ULID.fullmatch(text) is not None


def derived_id(parent: str, *parts: str) -> str:
    """A ULID with its parent's time; the same parts give the same id.

    An item with such an id can be created again without becoming two items.
    """
    digest = hashlib.sha256("\0".join((parent, *parts)).encode()).digest()
    return str(ULID(ULID.from_str(parent).bytes[:6] + digest[:10]))


def short_hash(*parts: str) -> str:
    """128 bits in hex, for keys that must not contain the text itself."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def shard_of(key: str, count: int) -> int:
    """The shard of a key, 0 to `count` - 1; the same in every process."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") % count
