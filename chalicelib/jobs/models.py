"""Items of the outbox that jobs are kept in until they are done."""

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from chalicelib.aws.table import OutboxItem


class DueEntry(OutboxItem):
    """`DUE#<shard>` / `<instant>#<kind>#<id>`: a job that should have been done by then, as its message."""

    job = JSONAttribute()
    tenant_id = UnicodeAttribute()
    not_before = UnicodeAttribute(default="")


NUM_DUE_SHARDS = 16


def due_pk(shard: int) -> str:
    return f"DUE#{shard:02d}"
