"""Jobs of auto-enrollment."""

from typing import Literal

from chalicelib.jobs.job import Job


class EnrollMembers(Job):
    """Enroll some members of a group in its courses: MemberJoined for several at once."""

    job: Literal["join_many"] = "join_many"
    msp_id: str
    org_id: str
    group_id: str
    member_ids: list[str]
    join_id: str
    course_id: str | None = None
