"""The MSP's rollouts: reads only."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from chalicelib.core.clock import to_date, to_instant
from chalicelib.core.errors import NotFound
from chalicelib.tenants.access.service import Scope
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.explanations import explain
from chalicelib.training.batches.models import Batch, Row
from chalicelib.training.batches.states import RETRYABLE, BatchStatus, RolloutState, RowStatus
from chalicelib.training.batches.store import BatchKey
from chalicelib.training.batches.views import status_of
from chalicelib.training.rollouts import store as rollout_store
from chalicelib.training.rollouts.models import Rollout
from chalicelib.training.rollouts.schemas import (
    CourseFailure,
    NextCourse,
    OrgProgress,
    OrgResult,
    Progress,
    RolloutItem,
    RolloutOut,
    RolloutPage,
)
from chalicelib.web.paging import Pager


def rollouts(scope: Scope, pager: Pager) -> RolloutPage:
    page = rollout_store.rollouts(scope.msp_id, pager.limit, pager.position)
    items = [RolloutItem(**_header(header)) for header in page.items]
    return RolloutPage(items=items, next_cursor=pager.cursor(page.next_position))


def rollouts_and_failures(scope: Scope, pager: Pager) -> tuple[RolloutPage, dict[str, int]]:
    """A page of rollouts, and by their ids how many clients of each have a course that failed; none is left out.

    Three calls for 20 rollouts of 5 clients, and one more for each 100 further clients.
    """
    page = rollout_store.rollouts(scope.msp_id, pager.limit, pager.position)
    stored = rollout_store.with_results(scope.msp_id, page.items)
    keys = [(one.org_id, one.batch_id) for _, results in stored for one in results if one.batch_id]
    statuses = {batch_id: status_of(batch) for batch_id, batch in rollout_store.batches_of(keys).items()}
    failures = {
        header.rollout_id: sum(statuses.get(one.batch_id or "") == BatchStatus.HAS_FAILURES for one in results)
        for header, results in stored
    }
    items = [RolloutItem(**_header(header)) for header in page.items]
    return RolloutPage(items=items, next_cursor=pager.cursor(page.next_position)), failures


def rollout(scope: Scope, rollout_id: str, now: datetime) -> RolloutOut:
    stored = rollout_store.find(scope.msp_id, rollout_id)
    if stored is None:
        raise NotFound()
    batch_keys = [(result.org_id, result.batch_id) for result in stored.results if result.batch_id]
    batches = rollout_store.batches_of(batch_keys)
    results = [_org_progress(one, batches.get(one.batch_id or ""), scope.msp_id, now) for one in stored.results]
    return RolloutOut(**_header(stored.header), results=results)


def _header(header: Rollout) -> dict[str, Any]:
    return {
        "rollout_id": header.rollout_id,
        "name": header.name,
        "state": RolloutState(header.state),
        "num_orgs": int(header.num_orgs),
        "num_ok": int(header.num_ok),
        "num_failed": int(header.num_failed),
        "created_at": header.created_at,
    }


def _org_progress(result: OrgResult, batch: Batch | None, msp_id: str, now: datetime) -> OrgProgress:
    if batch is None:
        return OrgProgress(**result.model_dump(), running=result.ok is None)
    rows = batch_store.rows(BatchKey(msp_id, batch.org_id, batch.batch_id), consistent=False)
    progress = Progress(
        num_targeted=int(sum(row.num_targeted for row in rows)),
        num_done=int(sum(row.num_enrolled + row.num_already + row.num_skipped for row in rows)),
        num_failed=int(sum(row.num_failed for row in rows)),
    )
    is_running = batch.expanded_at is None or any(_is_running(row, now) for row in rows)
    return OrgProgress(
        **result.model_dump(), running=is_running, batch_status=status_of(batch), progress=progress,
        next_course=_next_course(rows, now), failures=[_failure(row) for row in rows if row.status in RETRYABLE],
    )  # fmt: skip


def _next_course(rows: Iterable[Row], now: datetime) -> NextCourse | None:
    later = [
        row for row in rows
        if row.status == RowStatus.SCHEDULED and row.enroll_on is not None and to_instant(row.enroll_at) > now
    ]  # fmt: skip
    first = min(later, key=lambda row: (row.enroll_at, row.title), default=None)
    return NextCourse(title=first.title, enroll_on=to_date(str(first.enroll_on))) if first is not None else None


def _failure(row: Row) -> CourseFailure:
    explanation = explain(row.code).text if row.code else None
    return CourseFailure(
        course_id=row.course_id, title=row.title, status=RowStatus(row.status), explanation=explanation
    )


def _is_running(row: Row, now: datetime) -> bool:
    """Or its date has come, and its job is on the way."""
    has_come = row.status == RowStatus.SCHEDULED and to_instant(row.enroll_at) <= now
    return has_come or row.status == RowStatus.ENROLLING
