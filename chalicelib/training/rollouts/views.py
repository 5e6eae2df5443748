"""The MSP's three pages and its rollouts: reads only, each page one query."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.aws import table
from chalicelib.core.clock import to_date
from chalicelib.core.errors import NotFound
from chalicelib.core.paging import Pager
from chalicelib.tenants.access.models import msp_pk
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.organizations import dashboard_store
from chalicelib.tenants.organizations.models import Counts, Org, org_sk
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.explanations import explain
from chalicelib.training.batches.local_dates import due_instant
from chalicelib.training.batches.models import Batch, Rollout, Row
from chalicelib.training.batches.states import RETRYABLE, BatchStatus, RolloutState, RowStatus, batch_status
from chalicelib.training.batches.store import BatchKey
from chalicelib.training.rollouts import store as rollout_store
from chalicelib.training.rollouts.schemas import (
    BatchItem,
    BatchOut,
    BatchPage,
    BatchSummary,
    Dashboard,
    DashboardItem,
    OrgHead,
    OrgProgress,
    OrgResult,
    Progress,
    RolloutItem,
    RolloutOut,
    RolloutPage,
    RowOut,
    StatusCounts,
    Totals,
)


class ViewService:
    def dashboard(self, scope: Scope, pager: Pager) -> Dashboard:
        counts, orgs = dashboard_store.dashboard(scope.msp_id, pager.limit, pager.position)
        return Dashboard(
            totals=_totals(counts),
            items=[_dashboard_item(org) for org in orgs.items],
            next_cursor=pager.cursor(orgs.position),
        )

    def client(self, scope: Scope, org_id: str, pager: Pager) -> BatchPage:
        org = org_of(scope.msp_id, org_id)
        page = batch_store.batches(org_id, pager.limit, pager.position)
        return BatchPage(
            organization=OrgHead(org_id=org_id, name=org.name),
            items=[_batch_item(batch) for batch in page.items],
            next_cursor=pager.cursor(page.position),
        )

    def batch(self, scope: Scope, org_id: str, batch_id: str, now: datetime) -> BatchOut:
        org = org_of(scope.msp_id, org_id)
        key = BatchKey(scope.msp_id, org_id, batch_id)
        batch = batch_store.batch(key)
        if batch is None:
            raise NotFound()
        rows = batch_store.rows(key, consistent=False)
        zone = ZoneInfo(org.time_zone or "UTC")
        return BatchOut(
            batch_id=batch_id,
            name=batch.name,
            status=_status_of(batch),
            created_at=batch.created_at,
            summary=_summary(rows),
            courses=[row_out(row, zone, now) for row in rows],
        )

    def rollouts(self, scope: Scope, pager: Pager) -> RolloutPage:
        page = rollout_store.rollouts(scope.msp_id, pager.limit, pager.position)
        items = [RolloutItem(**_header(header)) for header in page.items]
        return RolloutPage(items=items, next_cursor=pager.cursor(page.position))

    def rollout(self, scope: Scope, rollout_id: str) -> RolloutOut:
        stored = rollout_store.find(scope.msp_id, rollout_id)
        if stored is None:
            raise NotFound()
        made = [(result.org_id, result.batch_id) for result in stored.results if result.batch_id]
        batches = rollout_store.batches_of(made)
        results = [_org_progress(result, batches.get(result.batch_id or ""), scope.msp_id) for result in stored.results]
        return RolloutOut(**_header(stored.header), results=results)


def org_of(msp_id: str, org_id: str) -> Org:
    org = table.get(Org, msp_pk(msp_id), org_sk(org_id), consistent=False)
    if org is None:
        raise NotFound()
    return org


def zone_in(msp_id: str, org_id: str) -> ZoneInfo:
    return ZoneInfo(org_of(msp_id, org_id).time_zone or "UTC")


def _totals(counts: Iterable[Counts]) -> Totals:
    shards = list(counts)
    return Totals(
        course_enrollments=int(sum(shard.num_courses for shard in shards)),
        completed=int(sum(shard.num_completed for shard in shards)),
        scheduled=int(sum(shard.num_scheduled for shard in shards)),
    )


def _dashboard_item(org: Org) -> DashboardItem:
    counts = StatusCounts(
        completed=int(org.num_completed), scheduled=int(org.num_scheduled), failed=int(org.num_failed)
    )
    return DashboardItem(
        org_id=org.org_id,
        name=org.name,
        num_batches=int(org.num_batches),
        num_courses=int(org.num_courses),
        status=counts if org.num_batches else "pending",
    )


def _status_of(batch: Batch) -> BatchStatus:
    return batch_status({status: int(getattr(batch, f"num_{status}")) for status in RowStatus})


def _batch_item(batch: Batch) -> BatchItem:
    return BatchItem(
        batch_id=batch.batch_id,
        name=batch.name,
        num_courses=int(batch.num_courses),
        status=_status_of(batch),
        next_enrollment_date=to_date(batch.next_enroll_on) if batch.next_enroll_on else None,
        created_at=batch.created_at,
    )


def _summary(rows: Iterable[Row]) -> BatchSummary:
    """The cards count rows, from the rows that are shown beside them, so that they agree."""
    statuses = [row.status for row in rows]
    return BatchSummary(
        enrolled=statuses.count(RowStatus.ENROLLED),
        scheduled=statuses.count(RowStatus.SCHEDULED) + statuses.count(RowStatus.ENROLLING),
        needs_access=statuses.count(RowStatus.ACCESS_DENIED),
        failed=statuses.count(RowStatus.FAILED) + statuses.count(RowStatus.PARTIAL),
    )


def row_out(row: Row, zone: ZoneInfo, now: datetime) -> RowOut:
    return RowOut(
        course_id=row.course_id,
        title=row.title,
        status=RowStatus(row.status),
        enroll_on=to_date(row.enroll_on) if row.enroll_on else None,
        enroll_at=row.enroll_at,
        due_by=to_date(row.due_by) if row.due_by else None,
        num_targeted=int(row.num_targeted),
        num_enrolled=int(row.num_enrolled - row.num_withdrawn),
        num_already_enrolled=int(row.num_already),
        num_skipped=int(row.num_skipped),
        num_failed=int(row.num_failed),
        num_withdrawn=int(row.num_withdrawn),
        num_started=int(row.num_started),
        num_completed=int(row.num_completed),
        num_overdue=_num_overdue(row, zone, now),
        can_retry=row.status in RETRYABLE,
        code=row.code,
        explanation=explain(row.code).text if row.code else None,
    )


def _num_overdue(row: Row, zone: ZoneInfo, now: datetime) -> int:
    counts = row.open_due.as_dict()  # type: ignore[no-untyped-call]
    return int(sum(number for day, number in counts.items() if due_instant(to_date(day), zone) <= now))


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


def _org_progress(result: OrgResult, batch: Batch | None, msp_id: str) -> OrgProgress:
    if batch is None:
        return OrgProgress(**result.model_dump())
    rows = batch_store.rows(BatchKey(msp_id, batch.org_id, batch.batch_id), consistent=False)
    progress = Progress(
        num_targeted=int(sum(row.num_targeted for row in rows)),
        num_done=int(sum(row.num_enrolled + row.num_already + row.num_skipped for row in rows)),
        num_failed=int(sum(row.num_failed for row in rows)),
    )
    return OrgProgress(**result.model_dump(), batch_status=_status_of(batch), progress=progress)
