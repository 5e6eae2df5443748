"""The counts of rate limits."""

from datetime import datetime, timedelta

from pynamodb.attributes import NumberAttribute

from chalicelib.aws import table
from chalicelib.aws.items import OutboxItem
from chalicelib.core.ids import short_hash

_SK = "COUNT"


class Uses(OutboxItem):
    """`LIMIT#<action>#<hash of the subject>` / `COUNT`: uses since `started`, in milliseconds since 1970."""

    started = NumberAttribute()
    num = NumberAttribute()
    ttl = NumberAttribute()


def begin(action: str, subject: str, since: int, at: int, expires_at: datetime) -> bool:
    """Count the first use of a new window, unless there is one that began after `since`: then False."""
    is_over = Uses.pk.does_not_exist() | (Uses.started <= since)
    ttl = int((expires_at + timedelta(minutes=1)).timestamp())
    actions = (Uses.started.set(at), Uses.num.set(1), Uses.ttl.set(ttl))
    return table.update_if(_uses(action, subject), is_over, *actions) is not None


def add(action: str, subject: str, limit: int) -> bool:
    """Count one more use. False when there were `limit` already."""
    return table.update_if(_uses(action, subject), Uses.num < limit, Uses.num.add(1)) is not None


def take_back(action: str, subject: str) -> None:
    table.update_if(_uses(action, subject), Uses.num > 0, Uses.num.add(-1))


def started(action: str, subject: str) -> int | None:
    """When the window began; None when nothing was counted."""
    found = table.get(Uses, _pk(action, subject), _SK)
    return int(found.started) if found else None


def _uses(action: str, subject: str) -> Uses:
    return Uses(_pk(action, subject), _SK)


def _pk(action: str, subject: str) -> str:
    return f"LIMIT#{action}#{short_hash(subject)}"
