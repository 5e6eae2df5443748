"""The list of activity: two calls a page, however much is on it."""

from datetime import datetime
from typing import Any, assert_never

from chalicelib.aws.table import Fetched
from chalicelib.jobs import activity_store
from chalicelib.jobs.activity_store import ActivityKind
from chalicelib.jobs.models import Activity
from chalicelib.people.uploads.states import UploadStatus
from chalicelib.reporting.activity import store
from chalicelib.reporting.activity.schemas import ActivityOut, ActivityPage, ActivityState
from chalicelib.reporting.exports.service import is_over as is_export_over
from chalicelib.reporting.exports.states import ExportStatus
from chalicelib.tenants.access.service import Scope
from chalicelib.training.batches.states import RolloutState
from chalicelib.training.rollouts import preview_store
from chalicelib.web.paging import Pager

_STATE_BY_EXPORT = {
    ExportStatus.RUNNING: ActivityState.RUNNING, ExportStatus.READY: ActivityState.DONE,
    ExportStatus.FAILED: ActivityState.FAILED,
}  # fmt: skip
_STATE_BY_UPLOAD = {
    UploadStatus.PREVIEW: ActivityState.WAITING, UploadStatus.APPROVED: ActivityState.RUNNING,
}  # fmt: skip


def page(scope: Scope, pager: Pager, now: datetime) -> ActivityPage:
    """The account's own, at this MSP, newest first. What was noted twice stands there once on a page."""
    found = activity_store.newest(scope.msp_id, scope.account_id, pager.limit, pager.position)
    once = list({(one.kind, one.target_id, one.batch_id): one for one in reversed(found.items)}.values())[::-1]
    targets = store.targets(scope.msp_id, once)
    items = [_out(scope.msp_id, one, targets, now) for one in once if targets is not None]
    return ActivityPage(items=items, next_cursor=pager.cursor(found.next_position))


def _out(msp_id: str, one: Activity, targets: Fetched, now: datetime) -> ActivityOut:
    target, *named = [targets.get(ref) for ref in store.refs_of(msp_id, one)]
    kind = ActivityKind(one.kind)
    state = ActivityState.OVER if target is None else _state(kind, target, now)
    return ActivityOut(
        kind=kind,
        state=state,
        name=_name(kind, target, named),
        started_at=one.started_at,
        target_id=one.target_id,
        org_id=one.org_id,
        batch_id=one.batch_id,
        num_failed=int(getattr(target, "num_failed", 0) or 0),
    )


def _state(kind: ActivityKind, target: Any, now: datetime) -> ActivityState:
    match kind:
        case ActivityKind.ROLLOUT:
            return ActivityState.RUNNING if target.state == RolloutState.LAUNCHING else ActivityState.DONE
        case ActivityKind.PREVIEW:
            return ActivityState.OVER if preview_store.expires_at(target) <= now else ActivityState.DONE
        case ActivityKind.EXPORT:
            return ActivityState.OVER if is_export_over(target, now) else _STATE_BY_EXPORT[ExportStatus(target.status)]
        case ActivityKind.IMPORT:
            return _STATE_BY_UPLOAD.get(UploadStatus(target.status), ActivityState.DONE)
        case ActivityKind.UNDO:
            return ActivityState.DONE if target.chunks_left == 0 else ActivityState.RUNNING
        case _:
            assert_never(kind)


def _name(kind: ActivityKind, target: Any, named: list[Any]) -> str:
    if kind == ActivityKind.ROLLOUT and target is not None:
        return str(target.name)
    if kind == ActivityKind.EXPORT and target is not None:
        return str(target.file_name)
    return str(named[0].name) if named and named[0] is not None else ""
