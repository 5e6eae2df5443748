"""Answers about reminders and about the mails of a member."""

from chalicelib.core.lazy import BaseModel
from chalicelib.notifications.states import ShownState


class RemindOut(BaseModel):
    """How many have not completed, and when they were reminded last: within ten minutes nobody is mailed again.

    Only who got none is, when the last was for the people of other departments.

    The number is null to who is limited to departments when the course is for more than 20,000 learners.
    """

    num_not_completed: int | None
    reminded_at: str | None = None


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
