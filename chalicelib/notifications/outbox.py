"""The outbox of mails. A room writes a mail in the transaction of its event; waking the mailer only saves a minute."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from chalicelib.aws import queues
from chalicelib.aws.queues import Message
from chalicelib.aws.table import Write
from chalicelib.core import observability
from chalicelib.core.errors import MusterError
from chalicelib.notifications import store
from chalicelib.notifications.models import Mail, MailClaim
from chalicelib.notifications.schemas import Wake
from chalicelib.notifications.states import UNKNOWN

IN_DOUBT_AFTER = store.IN_DOUBT_AFTER

_PER_SHARD = 100


def writes(mail_id: str, kind: str, queue: str, about: Mapping[str, Any], now: datetime) -> list[Write]:
    """For the transaction of the event. ConditionFailed when the mail exists.

    `queue` is the key of the tenant (`ORG#...`, `MSP#...`, `ACCOUNT#...`): tenants are served in turn.
    """
    return store.mail_writes([store.new_mail(mail_id, kind, queue, about, now)])


def writes_of_many(
    kind: str, queue: str, abouts_by_mail_id: Mapping[str, Mapping[str, str]], now: datetime
) -> list[Write]:
    """The same for several mails of one kind and queue: two writes each, and one for the queue."""
    return store.mail_writes(_new_mails(kind, queue, abouts_by_mail_id, now))


def put(kind: str, queue: str, abouts_by_mail_id: Mapping[str, Mapping[str, str]], now: datetime) -> None:
    """Many mails of one kind and queue. Mails that exist stay as they are."""
    store.insert_mails(_new_mails(kind, queue, abouts_by_mail_id, now))


def _new_mails(kind: str, queue: str, abouts_by_mail_id: Mapping[str, Mapping[str, str]], now: datetime) -> list[Mail]:
    return [store.new_mail(mail_id, kind, queue, about, now) for mail_id, about in abouts_by_mail_id.items()]


def wake(numbers: Iterable[int] = (0,)) -> None:
    """Call it after the event's transaction. If it fails, the sweep wakes the mailer within a minute."""
    try:
        wake_workers(numbers)
    except MusterError:
        observability.failure("mailer not woken; the sweep will wake it")


def wake_workers(numbers: Iterable[int]) -> None:
    queues.mail().send(Message(Wake(worker=number).body(), "mailer") for number in numbers)


def sweep(now: datetime) -> int:
    """Wake the mailer when mail is queued: it sends what waits, and marks what stays in doubt as unknown.

    Gives how many mails with a stuck claim of an earlier version became unknown.
    """
    if store.open_queues():
        wake_workers([0])
    num_unknown = 0
    for claim in store.stuck_claims(now - IN_DOUBT_AFTER, _PER_SHARD):
        _set_unknown(claim)
        num_unknown += 1
    return num_unknown


def _set_unknown(claim: MailClaim) -> None:
    with observability.correlated(observability.correlation_id()):
        mail = store.record(claim.mail_id, UNKNOWN)
        observability.go_on(mail.correlation_id if mail else None)
        observability.warning("mail outcome stays unknown", mail_id=claim.mail_id)
        store.end_claim(claim)
