"""What an account started: written into the transaction that starts it, so that both are or neither is."""

from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.core.paging import Page
from chalicelib.jobs.models import Activity, activity_pk

KEPT_FOR = timedelta(days=90)


class ActivityKind(StrEnum):
    ROLLOUT = "rollout"
    PREVIEW = "preview"
    EXPORT = "export"
    IMPORT = "import"
    UNDO = "undo"


def write(
    msp_id: str, account_id: str, kind: ActivityKind, target_id: str, now: datetime, *, org_id: str | None = None,
    batch_id: str | None = None,
) -> Write:  # fmt: skip
    """The same again, later, makes a second line of the same: whoever reads takes the newest."""
    at = to_text(now)
    return Write(
        "put",
        Activity(
            activity_pk(msp_id, account_id), f"{at}#{kind}#{target_id}", kind=kind.value, target_id=target_id,
            org_id=org_id, batch_id=batch_id, started_at=at, ttl=int((now + KEPT_FOR).timestamp()),
        ),
    )  # fmt: skip


def newest(msp_id: str, account_id: str, limit: int, after: str | None) -> Page[Activity]:
    return table.query(Activity, activity_pk(msp_id, account_id), limit=limit, after=after, newest_first=True)
