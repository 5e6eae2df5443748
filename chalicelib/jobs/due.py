"""Due entries: what should have happened by an instant, for the sweep to find when it did not."""

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from chalicelib.aws.table import OutboxItem
from chalicelib.core.ids import shard_of


class DueEntry(OutboxItem):
    """`DUE#<shard>` / `<instant>#<kind>#<id>`: what should have happened by then; the sweep looks here."""

    kind = UnicodeAttribute()
    msp_id = UnicodeAttribute()
    org_id = UnicodeAttribute(null=True)
    target_id = UnicodeAttribute()
    not_before = UnicodeAttribute(default="")
    # What else the message says that stands for it.
    more = JSONAttribute(null=True)


NUM_DUE_SHARDS = 16
DUE_LAUNCH = "launch"
DUE_ADVANCE = "advance"
DUE_MOVE_DATES = "move_dates"
DUE_CHANGE = "change"
DUE_MAIL = "mail"
DUE_ARCHIVE = "archive"


def due_pk(shard: int) -> str:
    return f"DUE#{shard:02d}"


def due_entry(instant: str, kind: str, msp_id: str, org_id: str | None, target_id: str) -> DueEntry:
    """`target_id` is a rollout for `launch`, a batch for `advance`, an organization for `move_dates`."""
    return DueEntry(
        due_pk(shard_of(target_id, NUM_DUE_SHARDS)),
        f"{instant}#{kind}#{target_id}",
        kind=kind,
        msp_id=msp_id,
        org_id=org_id,
        target_id=target_id,
    )
