"""Answers about reminders and about the mails of a member."""

from chalicelib.core.lazy import BaseModel
from chalicelib.notifications.states import ShownState


class RemindOut(BaseModel):
    """How many had not completed when the reminder was asked for."""

    num_not_completed: int


class CourseMailOut(BaseModel):
    """`reason` is SES's or ours."""

    kind: str
    course_id: str | None
    state: ShownState
    reason: str | None
    sentence: str
    next_step: str
    made_at: str


class MailPage(BaseModel):
    items: list[CourseMailOut]
    next_cursor: str | None
