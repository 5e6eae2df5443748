"""The key that cursors are signed with, known to the functions only: drawn once, and kept in a deployment's table."""

import secrets
from functools import lru_cache

from pynamodb.attributes import UnicodeAttribute

from chalicelib.aws import table
from chalicelib.aws.items import CoreItem
from chalicelib.core.errors import Unavailable
from chalicelib.core.settings import settings

_PK, _SK = "KEYS", "CURSORS"


class CursorKey(CoreItem):
    """`KEYS` / `CURSORS`. `secret` is 32 random bytes in hex."""

    secret = UnicodeAttribute()


def cursor_key() -> bytes:
    """Read once for each process."""
    return _read(settings().core_table)


@lru_cache(maxsize=1)
def _read(_table_name: str) -> bytes:
    found = table.get(CursorKey, _PK, _SK)
    if found is None:
        # Of several that begin at the same moment the first one's stays.
        table.put_if_new(CursorKey(_PK, _SK, secret=secrets.token_hex(32)))
        found = table.get(CursorKey, _PK, _SK)
    if found is None:
        raise Unavailable()
    return bytes.fromhex(found.secret)
