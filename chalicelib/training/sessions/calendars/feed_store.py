"""The address of an account's calendar feed, and the file that is kept under it."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

from chalicelib.aws import partitions, table
from chalicelib.aws.table import Ref, Write, put_new
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, Unavailable
from chalicelib.training.sessions.calendars.feed_models import (
    FEED_SK,
    FILE_SK,
    CalendarFeed,
    FeedFile,
    FeedToken,
    feed_of_pk,
    feed_pk,
)


def feed(account_id: str) -> CalendarFeed | None:
    return table.get(CalendarFeed, feed_of_pk(account_id), FEED_SK)


def token_and_file(token: str) -> tuple[FeedToken | None, FeedFile | None]:
    """In one call."""
    found: dict[type, FeedToken | FeedFile] = {}
    for item in partitions.newest_in({FEED_SK: FeedToken, FILE_SK: FeedFile}, feed_pk(token), 2):
        if isinstance(item, FeedToken | FeedFile):
            found[type(item)] = item
    owner, file = found.get(FeedToken), found.get(FeedFile)
    return owner if isinstance(owner, FeedToken) else None, file if isinstance(file, FeedFile) else None


def keep(token: str, deflated: bytes, made_at: str, fresh_until: str) -> None:
    """Nothing when the address was renewed meanwhile; when it fails, the next who asks keeps it."""
    pk = feed_pk(token)
    file = FeedFile(pk, FILE_SK, deflated=deflated, made_at=made_at, fresh_until=fresh_until)
    with suppress(ConditionFailed, Unavailable):
        table.transact([Write("check", FeedToken(pk, FEED_SK), FeedToken.pk.exists()), Write("put", file)])


def renew(account_id: str, before: CalendarFeed | None, token: str, now: datetime) -> None:
    """The old address dies. ConditionFailed when it was renewed meanwhile."""
    new = CalendarFeed(feed_of_pk(account_id), FEED_SK, token=token, created_at=to_text(now))
    same = CalendarFeed.pk.does_not_exist() if before is None else CalendarFeed.token == before.token
    writes = [Write("put", new, same), put_new(FeedToken(feed_pk(token), FEED_SK, account_id=account_id))]
    if before is not None:
        writes += drop_writes(before.token)
    table.transact(writes)


def drop_writes(token: str) -> list[Write]:
    pk = feed_pk(token)
    return [Write("delete", FeedToken(pk, FEED_SK)), Write("delete", FeedFile(pk, FILE_SK))]


def changing(account_ids: Iterable[str], until: str) -> list[str]:
    """No file of these accounts' feeds counts that was made before then. Gives the tokens of those that have a feed."""
    refs = [Ref(CalendarFeed, feed_of_pk(account_id), FEED_SK) for account_id in dict.fromkeys(account_ids)]
    tokens = [str(found.token) for found in table.fetch_all(refs)]
    for token in tokens:
        key = FeedToken(feed_pk(token), FEED_SK)
        table.update_if(key, FeedToken.pk.exists(), FeedToken.changing_until.set(until))
    return tokens


def drop_file(token: str) -> None:
    table.transact([Write("delete", FeedFile(feed_pk(token), FILE_SK))])
