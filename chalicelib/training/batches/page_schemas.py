"""What the pages of clients and batches answer."""

from collections.abc import Sequence
from datetime import date

from chalicelib.core.lazy import BaseModel
from chalicelib.training.batches.states import BatchStatus, LaunchedBy, RowStatus


class OrgHead(BaseModel):
    org_id: str
    name: str


class BatchItem(BaseModel):
    batch_id: str
    name: str
    num_courses: int
    status: BatchStatus
    next_enrollment_date: date | None
    created_at: str
    launched_by: LaunchedBy


class BatchPage(BaseModel):
    organization: OrgHead
    items: Sequence[BatchItem]
    next_cursor: str | None


class BatchSummary(BaseModel):
    enrolled: int
    scheduled: int
    needs_access: int
    failed: int


class RowOut(BaseModel):
    """The numbers are of people; to who is limited to departments of those who are in these now.

    Then they are null when the courses of a batch are for more than 20,000 learners together.
    """

    course_id: str
    title: str
    status: RowStatus
    enroll_on: date | None
    enroll_at: str
    due_by: date | None
    num_targeted: int | None = None
    num_enrolled: int | None = None
    num_already_enrolled: int | None = None
    num_skipped: int | None = None
    num_failed: int | None = None
    num_withdrawn: int | None = None
    num_started: int | None = None
    num_completed: int | None = None
    num_overdue: int | None = None
    can_retry: bool
    code: str | None
    explanation: str | None


class BatchOut(BaseModel):
    """`missing_groups`: of the groups named, those that the client did not have when a course started last."""

    batch_id: str
    name: str
    status: BatchStatus
    created_at: str
    launched_by: LaunchedBy
    summary: BatchSummary
    missing_groups: list[str] = []
    courses: Sequence[RowOut]
