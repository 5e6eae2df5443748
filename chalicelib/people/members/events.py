"""What happened to members that others follow: written with what made it so, and sent as jobs (see worker.py)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from chalicelib.core.clock import to_text
from chalicelib.core.ids import new_id
from chalicelib.jobs.job import DueJob
from chalicelib.jobs.sweep import after_all_runs


class MemberJoined(DueJob):
    """Somebody joined groups (all of theirs for None) and gets their courses.

    `join_id` tells one joining from another: each is processed once. With a course it is tried again for that one only,
    and counts no longer as failed if nothing asks for it any more.
    """

    job: Literal["join"] = "join"
    msp_id: str
    org_id: str
    member_id: str
    join_id: str
    group_ids: list[str] | None = None
    course_id: str | None = None

    @property
    def due_id(self) -> str:
        return f"{self.member_id}.{self.join_id}"


class MemberArchived(DueJob):
    """Somebody was archived: what they had not started is cancelled, what is in progress leaves the counts."""

    job: Literal["archive"] = "archive"
    msp_id: str
    org_id: str
    member_id: str
    archive_id: str

    @property
    def due_id(self) -> str:
        return f"{self.member_id}.{self.archive_id}"


def member_joined(
    msp_id: str, org_id: str, member_id: str, now: datetime, group_ids: Sequence[str] | None = None
) -> MemberJoined:
    """For the transaction that makes somebody active, or adds them to these groups."""
    return MemberJoined(
        msp_id=msp_id,
        org_id=org_id,
        member_id=member_id,
        join_id=new_id(now),
        group_ids=None if group_ids is None else list(group_ids),
        due_at=to_text(now),
    )


def member_archived(msp_id: str, org_id: str, member_id: str, archive_id: str, now: datetime) -> MemberArchived:
    """For the transaction that archives somebody. It runs again once no worker is left that read the rosters before."""
    return MemberArchived(
        msp_id=msp_id, org_id=org_id, member_id=member_id, archive_id=archive_id, due_at=after_all_runs(now)
    )
