"""TODO."""

from typing import Literal

from chalicelib.jobs.job import Job


class EnrollJoiner(Job):
    """Somebody joined groups (all of theirs for None) and gets their courses.

    `join_id` tells one joining from another: each is answered once. With a course it is tried again for that one only,
    and counts no longer as failed if nothing asks for it any more.
    """

    job: Literal["join"] = "join"
    msp_id: str
    org_id: str
    member_id: str
    join_id: str
    group_ids: list[str] | None = None
    course_id: str | None = None
    due_at: str | None = None


class ArchiveMember(Job):
    """Somebody was archived: what they had not started is cancelled, what is in progress leaves the counts."""

    job: Literal["archive"] = "archive"
    msp_id: str
    org_id: str
    member_id: str
    archive_id: str
    due_at: str
