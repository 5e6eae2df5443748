"""Items of the outbox: mails, the tenants' mail queues, and what limits the rate of sending."""

from dataclasses import dataclass

from pynamodb.attributes import JSONAttribute, NumberAttribute, NumberSetAttribute, UnicodeAttribute

from chalicelib.aws.items import OutboxItem
from chalicelib.aws.table import Ref
from chalicelib.core.ids import shard_of


class Mail(OutboxItem):
    """`MAIL#<mail id>` / `MAIL`: one mail to one person about one event.

    `about` holds ids by name; addresses, names and titles are read when it is sent. The id is derived from
    what the mail is for, so that the same event makes the same mail. `queue` is the tenant's queue.
    `correlation_id` is of what made it: the log lines about the mail have it.
    """

    PERSONAL = frozenset({"to_hash"})

    mail_id = UnicodeAttribute()
    kind = UnicodeAttribute()
    queue = UnicodeAttribute()
    about = JSONAttribute()
    state = UnicodeAttribute()
    rank = NumberAttribute()
    created_at = UnicodeAttribute()
    attempt = UnicodeAttribute(null=True)
    claimed_at = UnicodeAttribute(null=True)
    message_id = UnicodeAttribute(null=True)
    # Of the address that it went to: the person may have another one when SES reports on the mail.
    to_hash = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    correlation_id = UnicodeAttribute(null=True)
    ttl = NumberAttribute()


MAIL_SK = "MAIL"


def mail_pk(mail_id: str) -> str:
    return f"MAIL#{mail_id}"


def mail_ref(mail_id: str) -> Ref[Mail]:
    return Ref(Mail, mail_pk(mail_id), MAIL_SK)


class Notice(OutboxItem):
    """`NOTICES#<account>` / `NOTICE#<id>`: something that a person's account shows.

    `facts` fill the texts of its kind (notices.toml). `link_id` is what it is about, such as a participation.
    """

    notice_id = UnicodeAttribute()
    kind = UnicodeAttribute()
    org_id = UnicodeAttribute()
    link_id = UnicodeAttribute()
    facts = JSONAttribute()
    created_at = UnicodeAttribute()
    read_at = UnicodeAttribute(null=True)
    ttl = NumberAttribute()


class NoticesRead(OutboxItem):
    """`NOTICES#<account>` / `READ`: all notices up to this id were read at once."""

    up_to = UnicodeAttribute()


NOTICES_PREFIX = "NOTICE#"
NOTICES_READ_SK = "READ"


def notices_pk(account_id: str) -> str:
    return f"NOTICES#{account_id}"


class QueuedMail(OutboxItem):
    """`QUEUE#<queue>#<shard>` / `<mail id>`: a mail to send. Each tenant has a queue, and queues are served in turn.

    Deleted when the mail has an outcome: the place is what a mail leaves behind whose sender died. Ids begin with the
    time of the event, which is the order of a shard.
    """

    mail_id = UnicodeAttribute()
    queue = UnicodeAttribute()


# One key takes 1,000 writes a second, and ten workers may queue 6,000 mails of one client in one.
NUM_QUEUE_SHARDS = 16


def queue_shard(mail_id: str) -> int:
    return shard_of(mail_id, NUM_QUEUE_SHARDS)


def queue_pk(queue: str, shard: int) -> str:
    return f"QUEUE#{queue}#{shard:02d}"


class TenantQueue(OutboxItem):
    """`QUEUES` / `<queue>`: these shards of the queue may hold mail. `revision` goes up with each mail or batch of
    mails; the queue is removed on condition that it did not.
    """

    revision = NumberAttribute(default=0)
    shards: NumberSetAttribute = NumberSetAttribute()


QUEUES_PK = "QUEUES"


@dataclass(frozen=True)
class OpenQueue:
    """A tenant's queue that may hold mail, in these shards."""

    revision: int
    shards: tuple[int, ...]


class MailClaim(OutboxItem):
    """`CLAIMED#<shard>` / `<instant>#<mail id>`: a mail that an earlier version is sending, out of its queue."""

    mail_id = UnicodeAttribute()


NUM_CLAIM_SHARDS = 16


def claim_pk(shard: int) -> str:
    return f"CLAIMED#{shard:02d}"


class NextSlot(OutboxItem):
    """`SEND_RATE` / `NEXT_SLOT`: the instant of the next free slot, in microseconds since 1970."""

    next_slot = NumberAttribute()


class WorkerLease(OutboxItem):
    """`SEND_RATE` / `WORKER#<number>`: which process is this send worker, until when at most (microseconds)."""

    owner = UnicodeAttribute()
    leased_until = NumberAttribute()


SEND_RATE_PK = "SEND_RATE"
NEXT_SLOT_SK = "NEXT_SLOT"


def worker_sk(number: int) -> str:
    return f"WORKER#{number}"
