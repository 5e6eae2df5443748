"""Ids: ULIDs, which sort by the time they were made, and ids derived from others."""

import hashlib
from datetime import datetime

from ulid import ULID


def new_id(now: datetime) -> str:
    """A ULID whose time part is `now`. 80 random bits follow."""
    return str(ULID.from_datetime(now))


def time_of(ulid: str) -> datetime:
    """When the id was made, or the one that it derives from."""
    return ULID.from_str(ulid).datetime


def derived_id(parent: str, *parts: str) -> str:
    """A ULID with its parent's time that is the same whenever it is derived from the same parts.

    What is created under such an id can be created twice without becoming two things.
    """
    digest = hashlib.sha256("\0".join((parent, *parts)).encode()).digest()
    return str(ULID(ULID.from_str(parent).bytes[:6] + digest[:10]))


def short_hash(*parts: str) -> str:
    """128 bits in hex: for keys that must not hold the text itself."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def shard_of(key: str, count: int) -> int:
    """Which of `count` shards a key belongs to; the same in every process."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") % count
