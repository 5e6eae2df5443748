"""Items of the jobs' outbox."""

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.aws.items import OutboxItem


class DueEntry(OutboxItem):
    """`DUE#<shard>` / `<instant>#<kind>#<id>`: a job that is due at this instant, as its message.

    The sweeper does not send it before `not_before`. `position` is how far a walk has come. `correlation_id` is of
    what made the job necessary.
    """

    job = JSONAttribute()
    tenant_id = UnicodeAttribute()
    not_before = UnicodeAttribute(default="")
    position = UnicodeAttribute(null=True)
    correlation_id = UnicodeAttribute(null=True)


class Activity(OutboxItem):
    """`ACTIVITY#<msp>#<account>` / `<instant>#<kind>#<id>`: something that an account started and waits for.

    It only names what was started, which has its own state. `org_id` and `batch_id` where they belong to its key.
    """

    kind = UnicodeAttribute()
    target_id = UnicodeAttribute()
    org_id = UnicodeAttribute(null=True)
    batch_id = UnicodeAttribute(null=True)
    started_at = UnicodeAttribute()
    ttl = NumberAttribute()


def activity_pk(msp_id: str, account_id: str) -> str:
    return f"ACTIVITY#{msp_id}#{account_id}"


NUM_DUE_SHARDS = 16


def due_pk(shard: int) -> str:
    return f"DUE#{shard:02d}"
