"""TODO."""

from typing import Literal

from chalicelib.jobs.job import Job


class EnrollJoiners(Job):
    """The same for some members of one group."""

    job: Literal["join_many"] = "join_many"
    msp_id: str
    org_id: str
    group_id: str
    member_ids: list[str]
    join_id: str
    course_id: str | None = None
