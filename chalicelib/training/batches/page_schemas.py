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
    course_id: str
    title: str
    status: RowStatus
    enroll_on: date | None
    enroll_at: str
    due_by: date | None
    num_targeted: int
    num_enrolled: int
    num_already_enrolled: int
    num_skipped: int
    num_failed: int
    num_withdrawn: int
    num_started: int
    num_completed: int
    num_overdue: int
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
