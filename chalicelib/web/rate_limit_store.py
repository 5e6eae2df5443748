"""The recent uses that a rate limit counts."""

from datetime import datetime, timedelta

from pynamodb.attributes import ListAttribute, NumberAttribute

from chalicelib.aws import table
from chalicelib.aws.items import OutboxItem
from chalicelib.aws.table import Write
from chalicelib.core.ids import short_hash

_SK = "RECENT"


class RecentUses(OutboxItem):
    """`LIMIT#<action>#<hash of the subject>` / `RECENT`: instants in milliseconds since 1970, oldest first."""

    instants: ListAttribute[int] = ListAttribute(default=list)
    revision = NumberAttribute(default=0)
    ttl = NumberAttribute()


def recent_uses(action: str, subject: str) -> RecentUses:
    """Without instants and at revision 0 when there are none."""
    pk = f"LIMIT#{action}#{short_hash(subject)}"
    return table.get(RecentUses, pk, _SK) or RecentUses(pk, _SK)


def replace(current: RecentUses, instants: list[int], expires_at: datetime) -> None:
    """Raises ConditionFailed when another request was counted since `current` was read."""
    revision = int(current.revision)
    unchanged = RecentUses.revision == revision if revision else RecentUses.pk.does_not_exist()
    ttl = int((expires_at + timedelta(minutes=1)).timestamp())
    uses = RecentUses(current.pk, current.sk, instants=instants, revision=revision + 1, ttl=ttl)
    table.transact([Write("put", uses, unchanged)])
