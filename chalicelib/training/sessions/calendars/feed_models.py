"""Items of calendar feeds."""

from pynamodb.attributes import BinaryAttribute, UnicodeAttribute

from chalicelib.aws.items import CoreItem
from chalicelib.core.ids import short_hash


class CalendarFeed(CoreItem):
    """`FEED_OF#<account>` / `FEED`: the token in the address of the account's calendar feed."""

    token = UnicodeAttribute()
    created_at = UnicodeAttribute()


class FeedToken(CoreItem):
    """`FEED#<hash of the token>` / `FEED`: whose feed it is. Files of before `changing_until` do not count."""

    account_id = UnicodeAttribute()
    changing_until = UnicodeAttribute(null=True)


class FeedFile(CoreItem):
    """`FEED#<hash of the token>` / `FILE`: the feed as it was made last, deflated, and when time alone changes it."""

    PERSONAL = frozenset({"deflated"})

    deflated = BinaryAttribute(legacy_encoding=False)
    made_at = UnicodeAttribute()
    fresh_until = UnicodeAttribute()


FEED_SK = "FEED"
FILE_SK = "FILE"


def feed_of_pk(account_id: str) -> str:
    return f"FEED_OF#{account_id}"


def feed_pk(token: str) -> str:
    return f"FEED#{short_hash('feed', token)}"
