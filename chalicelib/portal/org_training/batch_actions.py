"""What an organization does with its batch: retry, remind, new dates, cancel, undo. Not with their provider's."""

from collections.abc import Iterable
from typing import Any

from chalicelib.core.errors import Invalid, MusterError
from chalicelib.core.ids import new_id
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.org_training.batches import BATCH, ROW, batch_at, row_at
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.organizations.lookups import zone_in
from chalicelib.training.batches import cancel, retry, views
from chalicelib.training.batches.page_schemas import BatchOut, RowOut
from chalicelib.training.batches.states import CANCELABLE, RowStatus
from chalicelib.training.batches.store import BatchKey
from chalicelib.training.batches.visibility import changeable
from chalicelib.training.bulk_changes import change_course_dates
from chalicelib.training.bulk_changes import undo as batch_undo
from chalicelib.training.bulk_changes.schemas import RowDates, UndoOut
from chalicelib.training.course_mails import service as course_mails
from chalicelib.training.course_mails.schemas import RemindOut
from chalicelib.web.idempotency import idempotent

pages = Pages(Permission.TRAINING)


@pages.post(ROW + "/retry")
def retry_row(visit: Visit) -> GoTo:
    key, course_id = _key(visit), visit.params["course_id"]

    def action(seed: str) -> RowOut:
        row = retry.retry(visit.org_scope, key, course_id, seed, visit.now)
        return views.row_out(visit.org_scope, key, row, zone_in(key.msp_id, key.org_id), visit.now)

    idempotent(visit.call(), RowOut, action)
    return _back(visit, "retried")


@pages.get(ROW + "/remind")
def ask_remind(visit: Visit) -> Shown:
    return _ask_row(visit, "remind")


@pages.post(ROW + "/remind")
def remind(visit: Visit) -> GoTo:
    key, course_id = _key(visit), visit.params["course_id"]
    idempotent(
        visit.call(), RemindOut, lambda seed: course_mails.remind(visit.org_scope, key, course_id, seed, visit.now)
    )
    return _back(visit, "reminded")


@pages.get(ROW + "/dates")
def show_dates(visit: Visit) -> Shown:
    return _dates_form(visit, None)


@pages.post(ROW + "/dates")
def change_dates(visit: Visit) -> GoTo | Shown:
    """A field that the form does not have stays as it is; an empty one means now, and no due date."""
    key = _key(visit)
    given = {name: visit.form.one(name) or None for name in ("enroll_on", "due_by") if name in visit.form}
    try:
        dates, seed = visit.read(RowDates, given), new_id(visit.now)
        change_course_dates.change_dates(visit.org_scope, key, visit.params["course_id"], dates, seed, visit.now)
    except Invalid as error:
        return _dates_form(visit, error)
    return _back(visit, "dated")


@pages.get(ROW + "/cancel")
def ask_cancel_row(visit: Visit) -> Shown:
    return _ask_row(visit, "cancel_row")


@pages.post(ROW + "/cancel")
def cancel_row(visit: Visit) -> GoTo:
    """Cancelling again changes nothing."""
    cancel.cancel_row(_key(visit), visit.params["course_id"], visit.account_id, visit.now)
    return _back(visit, "cancelled_row")


@pages.get(BATCH + "/cancel")
def ask_cancel(visit: Visit) -> Shown:
    return _ask_batch(visit, "cancel")


@pages.post(BATCH + "/cancel")
def cancel_batch(visit: Visit) -> GoTo:
    cancel.cancel_batch(_key(visit), visit.account_id, visit.now)
    return _back(visit, "cancelled")


@pages.get(BATCH + "/undo")
def ask_undo(visit: Visit) -> Shown:
    return _ask_batch(visit, "undo")


@pages.post(BATCH + "/undo")
def undo(visit: Visit) -> GoTo:
    key = _key(visit)
    idempotent(visit.call(), UndoOut, lambda _: batch_undo.undo(visit.org_scope, key, visit.now))
    return _back(visit, "undone")


def _key(visit: Visit) -> BatchKey:
    """Raises NotFound, and Forbidden for what the MSP launched."""
    return changeable(visit.org_scope, visit.params["batch_id"])


def _common(visit: Visit, batch: BatchOut) -> dict[str, Any]:
    return {
        "batch": batch,
        "back": f"/orgs/{visit.org_id}/training/{batch.batch_id}",
        "to_stop": [row for row in batch.courses if row.status in CANCELABLE],
        # None where the caller's people are too many to count.
        "num_started": _sum(row.num_started for row in batch.courses),
        "num_enrolled": _sum(row.num_enrolled for row in batch.courses),
    }


def _sum(numbers: Iterable[int | None]) -> int | None:
    known = list(numbers)
    return None if None in known else sum(number or 0 for number in known)


def _ask_row(visit: Visit, what: str) -> Shown:
    batch, row = row_at(visit, _key(visit))
    return Shown("org_training/ask.html", {**_common(visit, batch), "row": row, "what": what})


def _ask_batch(visit: Visit, what: str) -> Shown:
    batch = batch_at(visit, _key(visit))
    return Shown("org_training/ask.html", {**_common(visit, batch), "row": None, "what": what})


def _dates_form(visit: Visit, error: MusterError | None) -> Shown:
    batch, row = row_at(visit, _key(visit))
    facts = {
        "row": row,
        "may_move": row.status == RowStatus.SCHEDULED,
        "enroll_on": visit.form.one("enroll_on") if error else row.enroll_on or "",
        "due_by": visit.form.one("due_by") if error else row.due_by or "",
        "problem": error,
    }
    return Shown("org_training/dates.html", {**_common(visit, batch), **facts}, error.status if error else 200)


def _back(visit: Visit, done: str) -> GoTo:
    return GoTo(visit.address(f"/orgs/{visit.org_id}/training/{visit.params['batch_id']}", done=done))
