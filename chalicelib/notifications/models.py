"""Items of the outbox: mails, who waits to be sent, and what paces the sending."""

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.aws.table import OutboxItem
from chalicelib.core.ids import shard_of


class Mail(OutboxItem):
    """`MAIL#<mail id>` / `MAIL`: one mail to one person about one event.

    `about` holds ids by name; addresses, names and titles are read when it is sent. The id follows from
    what the mail is for, so that the same event makes the same mail.
    """

    mail_id = UnicodeAttribute()
    kind = UnicodeAttribute()
    lane = UnicodeAttribute()
    about = JSONAttribute()
    state = UnicodeAttribute()
    rank = NumberAttribute()
    created_at = UnicodeAttribute()
    attempt = UnicodeAttribute(null=True)
    claimed_at = UnicodeAttribute(null=True)
    message_id = UnicodeAttribute(null=True)
    # Of the address that it went to, for the person may have another by the time of the news.
    to_hash = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    ttl = NumberAttribute()


MAIL_SK = "MAIL"


def mail_pk(mail_id: str) -> str:
    return f"MAIL#{mail_id}"


class Waiting(OutboxItem):
    """`LANE#<lane>` / `<mail id>`: a mail to send. Each client has a lane, and lanes are served in turn.

    Gone once the mail is claimed. Ids carry the time of the event, so that a lane is in its order.
    """

    mail_id = UnicodeAttribute()
    lane = UnicodeAttribute()


def lane_pk(lane: str) -> str:
    return f"LANE#{lane}"


class Lane(OutboxItem):
    """`LANES` / `<lane>`: somebody may wait in this lane. `revision` goes up with each mail or batch of them,
    and guards the lane's removal.
    """

    revision = NumberAttribute(default=0)


LANES_PK = "LANES"


class Claimed(OutboxItem):
    """`CLAIMED#<shard>` / `<instant>#<mail id>`: a mail that is being sent. Left lying, its outcome is unknown."""

    mail_id = UnicodeAttribute()


NUM_CLAIMED_SHARDS = 16


def claimed_pk(shard: int) -> str:
    return f"CLAIMED#{shard:02d}"


def claimed_item(mail_id: str, claimed_at: str) -> Claimed:
    pk = claimed_pk(shard_of(mail_id, NUM_CLAIMED_SHARDS))
    return Claimed(pk, f"{claimed_at}#{mail_id}", mail_id=mail_id)


class Posted(OutboxItem):
    """`SES#<message id>` / `MAIL`: which mail SES means by its own id."""

    mail_id = UnicodeAttribute()
    ttl = NumberAttribute()


class EarlyNews(OutboxItem):
    """`SES#<message id>` / `NEWS#<rank>`: what SES told of a message before we had noted its id."""

    state = UnicodeAttribute()
    rank = NumberAttribute()
    reason = UnicodeAttribute(null=True)
    ttl = NumberAttribute()


NEWS_PREFIX = "NEWS#"


def posted_pk(message_id: str) -> str:
    return f"SES#{message_id}"


class Pace(OutboxItem):
    """`MAIL_PACE` / `PACE`: the instant of the next free slot, in microseconds since 1970."""

    next_slot = NumberAttribute()


class PumpLease(OutboxItem):
    """`MAIL_PACE` / `PUMP#<number>`: who runs this pump, and until when at most (microseconds)."""

    owner = UnicodeAttribute()
    leased_until = NumberAttribute()


PACE_PK = "MAIL_PACE"
PACE_SK = "PACE"


def pump_sk(number: int) -> str:
    return f"PUMP#{number}"
