"""Rate limits: at most so many uses in any stretch of time (a sliding window), counted over all processes.

The subject of a count is kept as a hash only: addresses of strangers and of their machines have no place in a table.
"""

from datetime import datetime, timedelta

from chalicelib.core.errors import ConditionFailed, TooMany
from chalicelib.web import rate_limit_store as store

_TRIES = 4


def take(action: str, subject: str, limit: int, per: timedelta, now: datetime) -> None:
    """Count one use. Raises TooMany, with the seconds to wait, when `limit` were counted within `per` before.

    Refused uses are not counted: a caller who waits as long as the answer says gets through.
    """
    at, length = int(now.timestamp() * 1000), int(per.total_seconds() * 1000)
    for _ in range(_TRIES):
        current = store.recent_uses(action, subject)
        instants = [int(instant) for instant in current.instants if instant > at - length]
        if len(instants) >= limit:
            wait = max(1, -(-(instants[-limit] + length - at) // 1000))
            raise TooMany("too_many", "That was tried too often; wait a little, then try again.", wait)
        try:
            store.replace(current, [*instants, at], now + per)
        except ConditionFailed:
            continue
        return
    raise TooMany("too_many", "Too many tries at the same moment; try again in a second.", 1)
