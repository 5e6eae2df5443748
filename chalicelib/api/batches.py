"""Cancel, change, undo and copy a batch over HTTP."""

from typing import Any

from chalicelib.core.ids import new_id
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.organizations.lookups import org_of, zone_in
from chalicelib.training.batches.page_schemas import BatchOut, RowOut
from chalicelib.training.batches.store import BatchKey
from chalicelib.training.batches.views import row_out
from chalicelib.training.bulk_changes.schemas import RowDates, UndoOut
from chalicelib.training.rollouts.schemas import Launch
from chalicelib.web.routing import Call, Routes
from chalicelib.wiring import once, wiring

routes = Routes("Rollouts", __name__)

_BATCH = "/msp/training/{org_id}/{batch_id}"
_ROW = _BATCH + "/courses/{course_id}"


def _asked(call: Call[Any, Any]) -> tuple[Scope, BatchKey]:
    scope = wiring().access.msp(call.account_id, Permission.ROLLOUTS, call.msp_id)
    org_of(scope.msp_id, call.params["org_id"])
    return scope, BatchKey(scope.msp_id, call.params["org_id"], call.params["batch_id"])


@routes.add("POST", _BATCH + "/cancel", summary="Cancel a batch", answer=BatchOut, status=202, once=True)
def cancel_batch(call: Call[Any, Any]) -> BatchOut:
    """Courses that have not run to their end. Learners who are enrolled already stay so: undo withdraws them."""
    scope, key = _asked(call)

    def cancel(_: str) -> BatchOut:
        wiring().cancels.cancel_batch(key, scope.account_id, call.now)
        return wiring().views.batch(scope, key.org_id, key.batch_id, call.now)

    return once(call, BatchOut, cancel)


@routes.add("POST", _ROW + "/cancel", summary="Cancel one course of a batch", answer=RowOut, status=202, once=True)
def cancel_row(call: Call[Any, Any]) -> RowOut:
    scope, key = _asked(call)
    zone = zone_in(scope.msp_id, key.org_id)

    def cancel(_: str) -> RowOut:
        row = wiring().cancels.cancel_row(key, call.params["course_id"], scope.account_id, call.now)
        return row_out(row, zone, call.now)

    return once(call, RowOut, cancel)


@routes.add("PATCH", _ROW, summary="Change the dates of one course of a batch", body=RowDates, answer=RowOut)
def change_dates(call: Call[RowDates, Any]) -> RowOut:
    """Both dates while the course is scheduled; afterwards the due date, for those who have not completed."""
    scope, key = _asked(call)
    row = wiring().row_dates.change(scope, key, call.params["course_id"], call.body, new_id(call.now), call.now)
    return row_out(row, zone_in(scope.msp_id, key.org_id), call.now)


@routes.add("POST", _BATCH + "/undo", summary="Undo a batch", answer=UndoOut, status=202, once=True)
def undo(call: Call[Any, Any]) -> UndoOut:
    """Withdraws enrollments that are not started, and cancels what has not run. Asking again changes nothing."""
    scope, key = _asked(call)
    return once(call, UndoOut, lambda _: wiring().changes.undo(key, scope.account_id, call.now))


@routes.add("GET", _BATCH + "/undo", summary="How far the undo of a batch is", answer=UndoOut)
def undo_state(call: Call[Any, Any]) -> UndoOut:
    _, key = _asked(call)
    return wiring().changes.undo_state(key)


@routes.add("GET", _BATCH + "/as-launch", summary="A batch as a launch body, to copy it", answer=Launch)
def as_launch(call: Call[Any, Any]) -> Launch:
    """Its courses, targeting and switches; dates that are past are left out, so that it can be launched again."""
    scope, key = _asked(call)
    return wiring().copies.as_launch(scope, key, call.now)
