"""Where rooms hand in their mails. A mail is written with its event; the wake-up only saves a minute."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib.aws import queues
from chalicelib.aws.queues import Message
from chalicelib.aws.table import Write
from chalicelib.core import observability
from chalicelib.core.errors import MusterError
from chalicelib.notifications import store
from chalicelib.notifications.schemas import Wake
from chalicelib.notifications.states import UNKNOWN

# Long past any time-out, and past the minutes that SES's news may take.
IN_DOUBT_AFTER = timedelta(minutes=15)

_PER_SHARD = 100


def writes(mail_id: str, kind: str, lane: str, about: Mapping[str, Any], now: datetime) -> list[Write]:
    """For the transaction of the event. ConditionFailed when the mail was written before."""
    return store.mail_writes(store.new_mail(mail_id, kind, lane, about, now))


def writes_of_many(
    kind: str, lane: str, abouts_by_mail_id: Mapping[str, Mapping[str, str]], now: datetime
) -> list[Write]:
    """The same for several mails of one kind and lane: two writes each, and one for the lane."""
    return store.writes_of_mails(
        [store.new_mail(mail_id, kind, lane, about, now) for mail_id, about in abouts_by_mail_id.items()]
    )


def put(kind: str, lane: str, abouts_by_mail_id: Mapping[str, Mapping[str, str]], now: datetime) -> None:
    """Many mails of one kind and lane; those that were there before stay as they are."""
    store.insert_mails(
        [store.new_mail(mail_id, kind, lane, about, now) for mail_id, about in abouts_by_mail_id.items()]
    )


def wake() -> None:
    """After the event's transaction. Should this fail, the sweep wakes the mailer within a minute."""
    try:
        wake_pumps([0])
    except MusterError:
        observability.failure("mail left to the sweep")


def wake_pumps(numbers: Iterable[int]) -> None:
    queues.mail().send(Message(Wake(pump=number).body(), "mailer") for number in numbers)


def sweep(now: datetime) -> int:
    """Wake the pumps when mail waits, and settle what was left lying; gives how many mails that were."""
    if store.lanes():
        wake_pumps([0])
    num_unknown = 0
    for claimed in store.left_lying(now - IN_DOUBT_AFTER, _PER_SHARD):
        observability.warning("what became of a mail is unknown", mail_id=claimed.mail_id)
        store.learn(claimed.mail_id, UNKNOWN)
        num_unknown += 1
    return num_unknown
