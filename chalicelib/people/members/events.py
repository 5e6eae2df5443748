"""Events of members that rooms above follow: each is a job with a due entry, written in the event's transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from chalicelib.core.clock import to_text
from chalicelib.core.ids import new_id
from chalicelib.jobs.job import DueJob
from chalicelib.jobs.sweep import after_all_runs


class MemberJoined(DueJob):
    """A member joined these groups (None: all groups of the member) and gets their courses.

    Each event, identified by `join_id`, is processed once. With `course_id` it is a retry of that course only, which
    stops counting as failed when no group gives the course any more.
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
    """A member was archived: courses not started are cancelled, those in progress leave the counts."""

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
    """For the transaction that makes a member active, or adds one to these groups."""
    return MemberJoined(
        msp_id=msp_id,
        org_id=org_id,
        member_id=member_id,
        join_id=new_id(now),
        group_ids=None if group_ids is None else list(group_ids),
        due_at=to_text(now),
    )


def member_archived(msp_id: str, org_id: str, member_id: str, archive_id: str, now: datetime) -> MemberArchived:
    """For the transaction that archives a member. It is due again when every worker that read the rosters has ended."""
    return MemberArchived(
        msp_id=msp_id, org_id=org_id, member_id=member_id, archive_id=archive_id, due_at=after_all_runs(now)
    )
