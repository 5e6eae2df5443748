"""What is done with a batch: retry, remind, new dates, cancel, undo. What cannot be undone is asked for first."""

from typing import Any

from chalicelib.core.errors import Invalid, MusterError, NotFound
from chalicelib.core.ids import new_id
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.msp.training import BATCH, ROW, batch_key
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.organizations.lookups import org_of, zone_in
from chalicelib.training.batches import cancel, retry, views
from chalicelib.training.batches.page_schemas import BatchOut, RowOut
from chalicelib.training.batches.states import CANCELABLE, RowStatus
from chalicelib.training.bulk_changes import change_course_dates
from chalicelib.training.bulk_changes import undo as batch_undo
from chalicelib.training.bulk_changes.schemas import RowDates, UndoOut
from chalicelib.training.course_mails import service as course_mails
from chalicelib.training.course_mails.schemas import RemindOut
from chalicelib.web.idempotency import idempotent

pages = Pages(Permission.ROLLOUTS)


@pages.post(ROW + "/retry")
def retry_row(visit: Visit) -> GoTo:
    key, course_id = batch_key(visit), visit.params["course_id"]
    num_failed = _row(visit)[1].num_failed
    zone = zone_in(key.msp_id, key.org_id)

    def action(seed: str) -> RowOut:
        row = retry.retry(visit.msp_scope, key, course_id, seed, visit.now)
        return views.row_out(visit.msp_scope, key, row, zone, visit.now)

    idempotent(visit.call(), RowOut, action)
    # Of a course that the client lacked nobody has failed yet.
    return _back(visit, "retried", num_failed or None)


@pages.get(ROW + "/remind")
def ask_remind(visit: Visit) -> Shown:
    return _ask(visit, "msp/remind.html")


@pages.post(ROW + "/remind")
def remind(visit: Visit) -> GoTo:
    key, course_id = batch_key(visit), visit.params["course_id"]
    done = idempotent(
        visit.call(), RemindOut, lambda seed: course_mails.remind(visit.msp_scope, key, course_id, seed, visit.now)
    )
    return _back(visit, "reminded", done.num_not_completed)


@pages.get(ROW + "/dates")
def show_dates(visit: Visit) -> Shown:
    return _dates_form(visit, None)


@pages.post(ROW + "/dates")
def change_dates(visit: Visit) -> GoTo | Shown:
    """A field that the form does not have stays as it is; an empty one means now, and no due date."""
    key = batch_key(visit)
    given = {name: visit.form.one(name) or None for name in ("enroll_on", "due_by") if name in visit.form}
    try:
        dates = visit.read(RowDates, given)
        seed = new_id(visit.now)
        change_course_dates.change_dates(visit.msp_scope, key, visit.params["course_id"], dates, seed, visit.now)
    except Invalid as error:
        return _dates_form(visit, error)
    return _back(visit, "dated")


@pages.get(ROW + "/cancel")
def ask_cancel_row(visit: Visit) -> Shown:
    return _ask(visit, "msp/cancel_row.html")


@pages.post(ROW + "/cancel")
def cancel_row(visit: Visit) -> GoTo:
    cancel.cancel_row(batch_key(visit), visit.params["course_id"], visit.account_id, visit.now)
    return _back(visit, "cancelled_row")


@pages.get(BATCH + "/cancel")
def ask_cancel(visit: Visit) -> Shown:
    return _ask_about_batch(visit, "msp/cancel.html")


@pages.post(BATCH + "/cancel")
def cancel_batch(visit: Visit) -> GoTo:
    cancel.cancel_batch(batch_key(visit), visit.account_id, visit.now)
    return _back(visit, "cancelled")


@pages.get(BATCH + "/undo")
def ask_undo(visit: Visit) -> Shown:
    return _ask_about_batch(visit, "msp/undo.html")


@pages.post(BATCH + "/undo")
def undo(visit: Visit) -> GoTo:
    key = batch_key(visit)
    idempotent(visit.call(), UndoOut, lambda _: batch_undo.undo(visit.msp_scope, key, visit.now))
    return _back(visit, "undone")


def _batch(visit: Visit) -> BatchOut:
    key = batch_key(visit)
    return views.batch(visit.msp_scope, key.org_id, key.batch_id, visit.now)


def _row(visit: Visit) -> tuple[BatchOut, RowOut]:
    batch = _batch(visit)
    row = next((row for row in batch.courses if row.course_id == visit.params["course_id"]), None)
    if row is None:
        raise NotFound()
    return batch, row


def _common(visit: Visit, batch: BatchOut) -> dict[str, Any]:
    org = org_of(visit.msp_scope.msp_id, visit.org_id)
    return {"org": org, "batch": batch, "back": f"/msp/training/{visit.org_id}/{batch.batch_id}"}


def _ask(visit: Visit, template: str) -> Shown:
    batch, row = _row(visit)
    return Shown(template, {**_common(visit, batch), "row": row})


def _ask_about_batch(visit: Visit, template: str) -> Shown:
    batch = _batch(visit)
    facts = {
        "to_stop": [row for row in batch.courses if row.status in CANCELABLE],
        "num_started": sum(row.num_started or 0 for row in batch.courses),
        "num_enrolled": sum(row.num_enrolled or 0 for row in batch.courses),
    }
    return Shown(template, {**_common(visit, batch), **facts})


def _dates_form(visit: Visit, error: MusterError | None) -> Shown:
    batch, row = _row(visit)
    typed = visit.form if error else None
    facts = {
        "row": row,
        "may_move": row.status == RowStatus.SCHEDULED,
        "enroll_on": typed.one("enroll_on") if typed else row.enroll_on or "",
        "due_by": typed.one("due_by") if typed else row.due_by or "",
        "problem": error,
    }
    return Shown("msp/dates.html", {**_common(visit, batch), **facts}, error.status if error else 200)


def _back(visit: Visit, done: str, count: int | None = None) -> GoTo:
    return GoTo(visit.address(f"/msp/training/{visit.org_id}/{visit.params['batch_id']}", done=done, n=count))
