"""Events about groups: written in the transaction of the change, and sent as jobs (see worker.py)."""

from datetime import datetime
from typing import Literal

from chalicelib.core.clock import to_text
from chalicelib.core.ids import new_id
from chalicelib.jobs.job import WalkJob


class GroupCoursesApplied(WalkJob):
    """All members of a group get its courses, page by page. With `course_id`: only those whom its row missed."""

    job: Literal["join_group"] = "join_group"
    msp_id: str
    org_id: str
    group_id: str
    join_id: str
    course_id: str | None = None

    @property
    def due_id(self) -> str:
        return f"{self.group_id}.{self.join_id}"


def group_courses_applied(msp_id: str, org_id: str, group_id: str, now: datetime) -> GroupCoursesApplied:
    """For the transaction that applies a group's courses to its members."""
    return GroupCoursesApplied(
        msp_id=msp_id, org_id=org_id, group_id=group_id, join_id=new_id(now), due_at=to_text(now)
    )
