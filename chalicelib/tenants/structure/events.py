"""TODO."""

from typing import Literal

from chalicelib.jobs.job import Job


class EnrollGroup(Job):
    """All members of a group join at once, page by page; with a course, those whom its row could not enroll."""

    job: Literal["join_group"] = "join_group"
    msp_id: str
    org_id: str
    group_id: str
    join_id: str
    course_id: str | None = None
    due_at: str
    position: str | None = None
