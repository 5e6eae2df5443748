"""How often somebody may do something: at most so many times in any stretch of time, counted over all processes.

Whom a count is about is kept as a hash only: addresses and sources of strangers have no place in a table.
"""

from datetime import datetime, timedelta

from pynamodb.attributes import ListAttribute, NumberAttribute

from chalicelib.aws import table
from chalicelib.aws.table import OutboxItem, Write
from chalicelib.core.errors import ConditionFailed, TooMany
from chalicelib.core.ids import short_hash

_TRIES = 4


class Recent(OutboxItem):
    """`LIMIT#<what>#<hash of whom>` / `RECENT`: when it was done lately, in milliseconds since 1970, oldest first."""

    instants: ListAttribute[int] = ListAttribute(default=list)
    revision = NumberAttribute(default=0)
    ttl = NumberAttribute()


def take(what: str, whom: str, limit: int, per: timedelta, now: datetime) -> None:
    """Count one more. Raises TooMany, with the seconds to wait, when `limit` were counted within `per` before.

    Refused ones are not counted: whoever waits as long as told gets through.
    """
    pk = f"LIMIT#{what}#{short_hash(whom)}"
    at, length = int(now.timestamp() * 1000), int(per.total_seconds() * 1000)
    for _ in range(_TRIES):
        known = table.get(Recent, pk, "RECENT")
        instants = [int(instant) for instant in known.instants if instant > at - length] if known else []
        if len(instants) >= limit:
            wait = max(1, -(-(instants[-limit] + length - at) // 1000))
            raise TooMany("too_many", "That was tried too often; wait a little, then try again.", wait)
        revision = int(known.revision) if known else 0
        unchanged = Recent.revision == revision if known else Recent.pk.does_not_exist()
        ttl = int((now + per).timestamp()) + 60
        fresh = Recent(pk, "RECENT", instants=[*instants, at], revision=revision + 1, ttl=ttl)
        try:
            table.transact([Write("put", fresh, unchanged)])
        except ConditionFailed:
            continue
        return
    raise TooMany("too_many", "Too many tries at the same moment; try again in a second.", 1)
