"""The messages of the jobs queue: ids only, the handler reads the rest."""

from typing import Any, Literal

from pydantic import ConfigDict

from chalicelib.core.lazy import BaseModel


class Job(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    def body(self) -> dict[str, Any]:
        return self.model_dump()


class AdvanceBatch(Job):
    """`due_at` is the due entry by which the sweep came to send it."""

    job: Literal["advance"] = "advance"
    msp_id: str
    org_id: str
    batch_id: str
    due_at: str | None = None


class EnrollChunk(Job):
    job: Literal["chunk"] = "chunk"
    msp_id: str
    org_id: str
    batch_id: str
    course_id: str
    cut_id: str
    run: int
    chunk: int


class FinishLaunch(Job):
    job: Literal["launch"] = "launch"
    msp_id: str
    rollout_id: str
    due_at: str


class MoveDates(Job):
    """An organization's time zone or hour changed: its scheduled rows move."""

    job: Literal["move_dates"] = "move_dates"
    msp_id: str
    org_id: str
    due_at: str


class StartChange(Job):
    """Undo, or a new due date for those who have not completed: counts the chunks and sends them."""

    job: Literal["change"] = "change"
    msp_id: str
    org_id: str
    batch_id: str
    change_id: str
    due_at: str


class ChangeChunk(Job):
    job: Literal["change_chunk"] = "change_chunk"
    msp_id: str
    org_id: str
    batch_id: str
    change_id: str
    course_id: str
    chunk: int


class MailRow(Job):
    """The mails that one due entry stands for (mail_due.MailEvent), from a position in the row's learners on."""

    job: Literal["mail_row"] = "mail_row"
    msp_id: str
    org_id: str
    batch_id: str
    course_id: str | None
    event: str
    detail: str
    due_at: str
    position: str = ""
    num_seen: int = 0


class PreviewJob(Job):
    """Counts from `position`, a member's id, on; `numbers` are of those before."""

    job: Literal["preview"] = "preview"
    msp_id: str
    plan_id: str
    org_id: str
    course_id: str
    position: str = ""
    numbers: dict[str, int] = {}


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


class EnrollJoiners(Job):
    """The same for some members of one group."""

    job: Literal["join_many"] = "join_many"
    msp_id: str
    org_id: str
    group_id: str
    member_ids: list[str]
    join_id: str
    course_id: str | None = None


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
