"""Jobs of members who get the courses of their groups."""

from typing import Literal

from chalicelib.jobs.job import Job


class EnrollMembers(Job):
    """Some members of one group get its courses (MemberJoined for several at once)."""

    job: Literal["join_many"] = "join_many"
    msp_id: str
    org_id: str
    group_id: str
    member_ids: list[str]
    join_id: str
    course_id: str | None = None
