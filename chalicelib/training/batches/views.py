"""The pages of a client and of a batch: reads only, each page one query."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal, assert_never
from zoneinfo import ZoneInfo

from chalicelib.core.clock import to_date
from chalicelib.core.errors import NotFound
from chalicelib.core.paging import filtered_page
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.organizations.lookups import org_of
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.create_rows import planned_rows
from chalicelib.training.batches.explanations import explain
from chalicelib.training.batches.local_dates import due_instant
from chalicelib.training.batches.models import Batch, Row
from chalicelib.training.batches.page_schemas import BatchItem, BatchOut, BatchPage, BatchSummary, OrgHead, RowOut
from chalicelib.training.batches.states import (
    LIVE,
    RETRYABLE,
    BatchStatus,
    EnrollmentStatus,
    Outcome,
    RowStatus,
    batch_status,
    outcome_of,
)
from chalicelib.training.batches.store import BatchKey
from chalicelib.training.batches.visibility import Learner, launched_by, own_learners, visible
from chalicelib.web.paging import Pager

# Batches that one request of a limited list looks at: 500.
_PER_READ, _MAX_READS = 100, 5


def status_of(batch: Batch) -> BatchStatus:
    return batch_status({status: int(getattr(batch, f"num_{status}")) for status in RowStatus})


def _batch_item(batch: Batch) -> BatchItem:
    return BatchItem(
        batch_id=batch.batch_id,
        name=batch.name,
        num_courses=int(batch.num_courses),
        status=status_of(batch),
        next_enrollment_date=to_date(batch.next_enroll_on) if batch.next_enroll_on else None,
        created_at=batch.created_at,
        launched_by=launched_by(batch),
    )


def _summary(rows: Iterable[Row]) -> BatchSummary:
    """The cards are counted from the rows that are shown beside them, so that the two agree."""
    cards = Counter(card_of(RowStatus(row.status)) for row in rows)
    return BatchSummary(
        enrolled=cards["enrolled"],
        scheduled=cards["scheduled"],
        needs_access=cards["needs_access"],
        failed=cards["failed"],
    )


Card = Literal["enrolled", "scheduled", "needs_access", "failed"]


def card_of(status: RowStatus) -> Card | None:
    """The card on which rows of this status count."""
    match status:
        case RowStatus.ENROLLED:
            return "enrolled"
        case RowStatus.SCHEDULED | RowStatus.ENROLLING:
            return "scheduled"
        case RowStatus.ACCESS_DENIED:
            return "needs_access"
        case RowStatus.FAILED | RowStatus.PARTIAL:
            return "failed"
        case RowStatus.CANCELLED:
            return None
        case _:
            assert_never(status)


def row_out(scope: Scope, key: BatchKey, row: Row, zone: ZoneInfo, now: datetime) -> RowOut:
    """To who is limited to departments, the numbers are of the people who are in these now."""
    (out,) = _rows_out(scope, key, [row], zone, now)
    return out


def _rows_out(scope: Scope, key: BatchKey, rows: Sequence[Row], zone: ZoneInfo, now: datetime) -> list[RowOut]:
    if scope.department_ids is None:
        return [_row_out(row, _numbers(row, zone, now)) for row in rows]
    own = own_learners(key, rows, scope.department_ids)
    if own is None:
        return [_row_out(row, {}) for row in rows]
    return [_row_out(row, _numbers_of(own[row.course_id], zone, now)) for row in rows]


def _row_out(row: Row, numbers: Mapping[str, int]) -> RowOut:
    out = RowOut(
        course_id=row.course_id,
        title=row.title,
        status=RowStatus(row.status),
        enroll_on=to_date(row.enroll_on) if row.enroll_on else None,
        enroll_at=row.enroll_at,
        due_by=to_date(row.due_by) if row.due_by else None,
        can_retry=row.status in RETRYABLE,
        code=row.code,
        explanation=explain(row.code).text if row.code else None,
    )
    return out.model_copy(update=dict(numbers))


def _numbers(row: Row, zone: ZoneInfo, now: datetime) -> Mapping[str, int]:
    return {
        "num_targeted": int(row.num_targeted),
        "num_enrolled": int(row.num_enrolled - row.num_withdrawn),
        "num_already_enrolled": int(row.num_already),
        "num_skipped": int(row.num_skipped),
        "num_failed": int(row.num_failed),
        "num_withdrawn": int(row.num_withdrawn),
        "num_started": int(row.num_started),
        "num_completed": int(row.num_completed),
        "num_overdue": _num_overdue(row, zone, now),
    }


def _numbers_of(learners: Sequence[Learner], zone: ZoneInfo, now: datetime) -> Mapping[str, int]:
    """The same, counted from the learners themselves. Who has completed has started too."""
    codes = [one for one in learners if isinstance(one, str)]
    enrollments = [one for one in learners if not isinstance(one, str)]
    outcomes = Counter(outcome_of(code) for code in codes)
    statuses = Counter(EnrollmentStatus(one.status) for one in enrollments)
    completed, withdrawn = statuses[EnrollmentStatus.COMPLETED], statuses[EnrollmentStatus.CANCELLED]
    open_dates = [one.due_by for one in enrollments if one.due_by and one.status in LIVE]
    return {
        "num_targeted": len(learners),
        "num_enrolled": len(enrollments) - withdrawn,
        "num_already_enrolled": outcomes[Outcome.ALREADY_ENROLLED],
        "num_skipped": outcomes[Outcome.ALREADY_COMPLETED],
        "num_failed": outcomes[Outcome.FAILED],
        "num_withdrawn": withdrawn,
        "num_started": statuses[EnrollmentStatus.IN_PROGRESS] + completed,
        "num_completed": completed,
        "num_overdue": sum(due_instant(to_date(day), zone) <= now for day in open_dates),
    }


def _num_overdue(row: Row, zone: ZoneInfo, now: datetime) -> int:
    counts = row.open_due.as_dict()  # type: ignore[no-untyped-call]
    return int(sum(number for day, number in counts.items() if due_instant(to_date(day), zone) <= now))


def client(scope: Scope, org_id: str, pager: Pager) -> BatchPage:
    """Who is limited to departments sees those of them; such a page can be short, and still have a next one."""
    org = org_of(scope.msp_id, org_id)
    if scope.department_ids is None:
        page = batch_store.batches(org_id, pager.limit, pager.position)
    else:
        page = filtered_page(
            lambda after: batch_store.batches(org_id, _PER_READ, after), visible(scope), lambda batch: batch.sk,
            pager.limit, pager.position, _MAX_READS,
        )  # fmt: skip
    return BatchPage(
        organization=OrgHead(org_id=org_id, name=org.name),
        items=[_batch_item(batch) for batch in page.items],
        next_cursor=pager.cursor(page.next_position),
    )


def batch(scope: Scope, org_id: str, batch_id: str, now: datetime) -> BatchOut:
    org = org_of(scope.msp_id, org_id)
    key = BatchKey(scope.msp_id, org_id, batch_id)
    batch = batch_store.batch(key)
    if batch is None:
        raise NotFound()
    # Right after a launch the batch has no rows yet: they are shown as they will be.
    rows = batch_store.rows(key, consistent=False) or (
        planned_rows(key, batch) if batch.expanded_at is None else batch_store.rows(key)
    )
    zone = ZoneInfo(org.time_zone or "UTC")
    return BatchOut(
        batch_id=batch_id,
        name=batch.name,
        status=status_of(batch),
        created_at=batch.created_at,
        launched_by=launched_by(batch),
        summary=_summary(rows),
        missing_groups=list(batch.missing_groups or ()),
        courses=_rows_out(scope, key, rows, zone, now),
    )
