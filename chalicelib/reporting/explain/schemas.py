"""What the explanation of one person and one course takes and answers."""

from typing import Literal

from pydantic import Field

from chalicelib.core.lazy import BaseModel
from chalicelib.core.text import Id
from chalicelib.training.batches.states import EnrollmentStatus, LaunchedBy
from chalicelib.web.schemas import Form


class ExplainQuery(Form):
    course_id: Id = Field(description="The course that is asked about.")


class Cause(BaseModel):
    """What decided. `name` is that of the batch, or of the group."""

    kind: Literal["batch", "group", "invitation", "own_course", "member"]
    name: str | None = None
    batch_id: str | None = None
    group_id: str | None = None
    launched_by: LaunchedBy | None = None


class Step(BaseModel):
    """`at` is null when the instant is not on record. `planned`: it has not happened yet."""

    at: str | None
    code: str
    cause: Cause
    sentence: str
    next_step: str
    planned: bool = False


class WouldEnroll(BaseModel):
    """`on` is null for a group's courses, which come when the person accepts the invitation."""

    by: Cause
    on: str | None


class ExplainOut(BaseModel):
    """`code`, `sentence` and `next_step` say what decided; `steps` the way there, in order."""

    member_id: str
    course_id: str
    title: str
    enrolled: bool
    status: EnrollmentStatus | None
    code: str
    decided_by: Cause | None
    sentence: str
    next_step: str
    steps: list[Step]
    would_be_enrolled: list[WouldEnroll]
