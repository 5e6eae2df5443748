"""Notifications in accounts: reads and writes."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from chalicelib.aws import partitions, table
from chalicelib.aws.table import Write, put_new
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.ids import new_id
from chalicelib.core.paging import Page
from chalicelib.notifications.models import NOTICES_PREFIX, NOTICES_READ_SK, Notice, NoticesRead, notices_pk

_KEPT_FOR = timedelta(days=400)


def write(account_id: str, kind: str, org_id: str, link_id: str, facts: Mapping[str, str], now: datetime) -> Write:
    """For the transaction of the event, whose condition makes it once."""
    notice_id = new_id(now)
    notice = Notice(
        notices_pk(account_id), NOTICES_PREFIX + notice_id, notice_id=notice_id, kind=kind, org_id=org_id,
        link_id=link_id, facts=dict(facts), created_at=to_text(now), ttl=int((now + _KEPT_FOR).timestamp()),
    )  # fmt: skip
    return put_new(notice)


def notices(account_id: str, limit: int, after: str | None) -> Page[Notice]:
    """Newest first."""
    return table.query(
        Notice, notices_pk(account_id), prefix=NOTICES_PREFIX, limit=limit, after=after, newest_first=True,
        consistent=True,
    )  # fmt: skip


def read_up_to(account_id: str) -> str:
    """Notices with ids up to this one were read; empty for none."""
    found = table.get(NoticesRead, notices_pk(account_id), NOTICES_READ_SK)
    return found.up_to if found else ""


def newest(account_id: str, limit: int) -> tuple[list[Notice], str]:
    """The newest notices, and as `read_up_to`, in one call."""
    models = {NOTICES_PREFIX: Notice, NOTICES_READ_SK: NoticesRead}
    found, up_to = [], ""
    for item in partitions.newest_in(models, notices_pk(account_id), limit + 1):
        if isinstance(item, NoticesRead):
            up_to = item.up_to
        elif isinstance(item, Notice):
            found.append(item)
    return found, up_to


def mark_all(account_id: str, up_to: str) -> None:
    table.transact([Write("put", NoticesRead(notices_pk(account_id), NOTICES_READ_SK, up_to=up_to))])


def mark(account_id: str, notice_ids: Iterable[str], now: datetime) -> None:
    """Those that do not exist are passed over. Marking again changes nothing."""
    for notice_id in notice_ids:
        key = Notice(notices_pk(account_id), NOTICES_PREFIX + notice_id)
        unread = Notice.pk.exists() & Notice.read_at.does_not_exist()
        try:
            table.transact([Write("update", key, unread, (Notice.read_at.set(to_text(now)),))])
        except ConditionFailed:
            continue
