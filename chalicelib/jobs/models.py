"""Items of the jobs' outbox."""

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

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


NUM_DUE_SHARDS = 16


def due_pk(shard: int) -> str:
    return f"DUE#{shard:02d}"
