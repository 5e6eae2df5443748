"""What the list of activity answers."""

from collections.abc import Sequence
from enum import StrEnum

from pydantic import Field

from chalicelib.core.lazy import BaseModel
from chalicelib.jobs.activity_store import ActivityKind


class ActivityState(StrEnum):
    """`waiting`: an upload that nobody has decided about. `over`: what was started is not kept any more."""

    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    OVER = "over"


class ActivityOut(BaseModel):
    """`target_id` is that of the rollout, preview (plan), export or import; of an undo the batch is `batch_id`."""

    kind: ActivityKind
    state: ActivityState
    name: str = Field(description="Of the rollout, batch or file; empty when there is none.")
    started_at: str
    target_id: str
    org_id: str | None
    batch_id: str | None
    num_failed: int = Field(0, description="Of a rollout: clients that failed. Of an import: rows.")


class ActivityPage(BaseModel):
    items: Sequence[ActivityOut]
    next_cursor: str | None
