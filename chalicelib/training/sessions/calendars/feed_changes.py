"""What changes a person's live trainings says so first: the file of their calendar feed is made anew then.

Most people have no feed, and few changes are of one person. So a file is not written with each change; it is made when
it is asked for, and kept until one comes. A mark goes ahead of the change and counts for longer than any function runs:
whichever moment a worker dies at, no file stays that lacks the change.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from chalicelib.core.clock import to_text
from chalicelib.people.members.models import Member
from chalicelib.training.sessions.calendars import feed_store

# Longer than a function runs, clocks that differ by seconds included.
SETTLED_AFTER = timedelta(minutes=3)


def announce(members: Iterable[Member | None], now: datetime) -> None:
    """Something that these people's feeds show changes now, or has just changed. One read for 100 accounts."""
    account_ids = [str(member.account_id) for member in members if member is not None and member.account_id]
    feed_store.changing(account_ids, to_text(now + SETTLED_AFTER))


def forget(account_id: str, now: datetime) -> None:
    """No file is left of what the feed has shown."""
    for token in feed_store.changing([account_id], to_text(now + SETTLED_AFTER)):
        feed_store.drop_file(token)
