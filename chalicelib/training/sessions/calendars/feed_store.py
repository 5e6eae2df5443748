"""The address of an account's calendar feed."""

from datetime import datetime

from chalicelib.aws import table
from chalicelib.aws.table import Write, put_new
from chalicelib.core.clock import to_text
from chalicelib.training.sessions.models import FEED_SK, CalendarFeed, FeedToken, feed_of_pk, feed_pk


def feed(account_id: str) -> CalendarFeed | None:
    return table.get(CalendarFeed, feed_of_pk(account_id), FEED_SK)


def account_of(token: str) -> str | None:
    found = table.get(FeedToken, feed_pk(token), FEED_SK)
    return found.account_id if found else None


def renew(account_id: str, before: CalendarFeed | None, token: str, now: datetime) -> None:
    """The old address dies. ConditionFailed when it was renewed meanwhile."""
    new = CalendarFeed(feed_of_pk(account_id), FEED_SK, token=token, created_at=to_text(now))
    same = CalendarFeed.pk.does_not_exist() if before is None else CalendarFeed.token == before.token
    writes = [Write("put", new, same), put_new(FeedToken(feed_pk(token), FEED_SK, account_id=account_id))]
    if before is not None:
        writes.append(Write("delete", FeedToken(feed_pk(before.token), FEED_SK)))
    table.transact(writes)
