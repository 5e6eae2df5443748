"""HTTP: a client's batches and their courses: read, retry, remind, cancel, change, undo, copy."""

from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.core.ids import new_id
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.organizations.lookups import zone_in
from chalicelib.training.batches import cancel, retry, views
from chalicelib.training.batches.page_schemas import BatchOut, BatchPage, RowOut
from chalicelib.training.batches.store import BatchKey
from chalicelib.training.batches.views import row_out
from chalicelib.training.bulk_changes import change_course_dates
from chalicelib.training.bulk_changes import undo as batch_undo
from chalicelib.training.bulk_changes.schemas import RowDates, UndoOut
from chalicelib.training.course_mails import service as course_mails
from chalicelib.training.course_mails.schemas import RemindOut
from chalicelib.training.progress import learners
from chalicelib.training.progress.schemas import LearnerPage, LearnersQuery
from chalicelib.training.rollouts import copy_batch
from chalicelib.training.rollouts.schemas import (
    Launch,
)
from chalicelib.web.idempotency import idempotent
from chalicelib.web.paging import PageQuery, Pager
from chalicelib.web.routing import Call, Routes

routes = Routes("Rollouts", __name__, needs=Permission.ROLLOUTS)

_BATCH = "/msp/training/{org_id}/{batch_id}"
_ROW = _BATCH + "/courses/{course_id}"


def _scope(call: Call[Any, Any]) -> Scope:
    return access.msp(call.account_id, call.needs, call.msp_id)


def _batch_key(call: Call[Any, Any]) -> tuple[Scope, BatchKey, ZoneInfo]:
    """Raises NotFound for a client of another MSP, before anything is done: a batch's key alone does not tell."""
    scope = _scope(call)
    zone = zone_in(scope.msp_id, call.params["org_id"])
    return scope, BatchKey(scope.msp_id, call.params["org_id"], call.params["batch_id"]), zone


@routes.add("GET", "/msp/training/{org_id}", summary="A client's batches", answer=BatchPage, query=PageQuery)
def client_page(call: Call[Any, PageQuery]) -> BatchPage:
    scope = _scope(call)
    return views.client(scope, call.params["org_id"], Pager.of(call))


@routes.add("GET", _BATCH, summary="A batch and its courses", answer=BatchOut)
def batch_page(call: Call[Any, Any]) -> BatchOut:
    return views.batch(_scope(call), call.params["org_id"], call.params["batch_id"], call.now)


@routes.add(
    "GET", _ROW + "/learners", summary="Learners of one course of a batch", answer=LearnerPage, query=LearnersQuery
)
def learners_page(call: Call[Any, LearnersQuery]) -> LearnerPage:
    """What became of each learner: outcome, code, a sentence, the next step, and their progress."""
    scope = _scope(call)
    pager = Pager.of(call)
    org_id, batch_id, course_id = (call.params[name] for name in ("org_id", "batch_id", "course_id"))
    return learners.of_row(scope, org_id, batch_id, course_id, call.query, pager, call.now)


@routes.add("POST", _BATCH + "/cancel", summary="Cancel a batch", answer=BatchOut, status=202, idempotent=True)
def cancel_batch(call: Call[Any, Any]) -> BatchOut:
    """Courses that have not run to their end. Learners who are enrolled already stay so: undo withdraws them."""
    scope, key, _ = _batch_key(call)

    def action(_: str) -> BatchOut:
        cancel.cancel_batch(key, scope.account_id, call.now)
        return views.batch(scope, key.org_id, key.batch_id, call.now)

    return idempotent(call, BatchOut, action)


@routes.add(
    "POST", _ROW + "/cancel", summary="Cancel one course of a batch", answer=RowOut, status=202, idempotent=True
)
def cancel_row(call: Call[Any, Any]) -> RowOut:
    scope, key, zone = _batch_key(call)

    def action(_: str) -> RowOut:
        row = cancel.cancel_row(key, call.params["course_id"], scope.account_id, call.now)
        return row_out(scope, key, row, zone, call.now)

    return idempotent(call, RowOut, action)


@routes.add("PATCH", _ROW, summary="Change the dates of one course of a batch", body=RowDates, answer=RowOut)
def change_dates(call: Call[RowDates, Any]) -> RowOut:
    """Both dates while the course is scheduled; afterwards the due date, for those who have not completed."""
    scope, key, zone = _batch_key(call)
    row = change_course_dates.change_dates(scope, key, call.params["course_id"], call.body, new_id(call.now), call.now)
    return row_out(scope, key, row, zone, call.now)


@routes.add("POST", _BATCH + "/undo", summary="Undo a batch", answer=UndoOut, status=202, idempotent=True)
def undo(call: Call[Any, Any]) -> UndoOut:
    """Withdraws enrollments that are not started, and cancels what has not run. Asking again changes nothing."""
    scope, key, _ = _batch_key(call)
    return idempotent(call, UndoOut, lambda _: batch_undo.undo(scope, key, call.now))


@routes.add("GET", _BATCH + "/undo", summary="How far the undo of a batch is", answer=UndoOut)
def undo_state(call: Call[Any, Any]) -> UndoOut:
    scope, key, _ = _batch_key(call)
    return batch_undo.state(scope, key, call.now)


@routes.add("GET", _BATCH + "/as-launch", summary="A batch as a launch body, to copy it", answer=Launch)
def as_launch(call: Call[Any, Any]) -> Launch:
    """Its courses, targeting and switches; dates that are past are left out, so that it can be launched again."""
    _, key, _ = _batch_key(call)
    return copy_batch.as_launch(key, call.now)


@routes.add("POST", _ROW + "/retry", summary="Retry one course of a batch", answer=RowOut, status=202, idempotent=True)
def retry_row(call: Call[Any, Any]) -> RowOut:
    """For learners that are missing only. A failed, partial or denied course can be retried."""
    scope, key, zone = _batch_key(call)

    def action(seed: str) -> RowOut:
        row = retry.retry(scope, key, call.params["course_id"], seed, call.now)
        return row_out(scope, key, row, zone, call.now)

    return idempotent(call, RowOut, action)


@routes.add(
    "POST",
    _ROW + "/remind",
    summary="Remind those who have not completed",
    answer=RemindOut,
    status=202,
    idempotent=True,
)
def remind(call: Call[Any, Any]) -> RemindOut:
    """A mail to each of them, whether or not the batch sends reminders by itself."""
    scope, key, _ = _batch_key(call)
    course_id = call.params["course_id"]
    return idempotent(call, RemindOut, lambda seed: course_mails.remind(scope, key, course_id, seed, call.now))
