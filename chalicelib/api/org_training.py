"""HTTP: an organization's own wizard and its batches: the services of the MSP, in the scope of one organization.

Who is limited to departments launches for the people of these, and sees the batches that reach nobody else.
"""

from typing import Any

from chalicelib.core.ids import new_id
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.courses.schemas import CourseQuery
from chalicelib.tenants.organizations import own_courses
from chalicelib.tenants.organizations.lookups import zone_in
from chalicelib.tenants.organizations.schemas import OwnCoursePage
from chalicelib.training.batches import cancel, retry, views
from chalicelib.training.batches.page_schemas import BatchOut, BatchPage, RowOut
from chalicelib.training.batches.store import BatchKey
from chalicelib.training.batches.views import row_out
from chalicelib.training.batches.visibility import batch_of, changeable
from chalicelib.training.bulk_changes import change_course_dates
from chalicelib.training.bulk_changes import undo as batch_undo
from chalicelib.training.bulk_changes.schemas import RowDates, UndoOut
from chalicelib.training.course_mails import service as course_mails
from chalicelib.training.course_mails.schemas import RemindOut
from chalicelib.training.progress import learners
from chalicelib.training.progress.schemas import LearnerPage, LearnersQuery
from chalicelib.training.rollouts import copy_batch, launch, preview
from chalicelib.training.rollouts.schemas import LaunchOut, OrgLaunch, PreviewOut
from chalicelib.web.idempotency import idempotent
from chalicelib.web.paging import PageQuery, Pager
from chalicelib.web.routing import Call, Routes

routes = Routes("Training in one organization", __name__, needs=Permission.TRAINING, limited=True)

_TRAINING = "/orgs/{org_id}/training"
_BATCH = _TRAINING + "/{batch_id}"
_ROW = _BATCH + "/courses/{course_id}"

_READS: Any = {"needs": Permission.TRAINING_READ}
_DOES: Any = {"status": 202, "idempotent": True}


def _scope(call: Call[Any, Any]) -> Scope:
    return access.org_or_departments(call.account_id, call.params["org_id"], call.needs)


def _seen(call: Call[Any, Any]) -> tuple[Scope, BatchKey]:
    scope = _scope(call)
    return scope, batch_of(scope, call.params["batch_id"])


def _changeable(call: Call[Any, Any]) -> tuple[Scope, BatchKey]:
    scope = _scope(call)
    return scope, changeable(scope, call.params["batch_id"])


@routes.add(
    "GET", "/orgs/{org_id}/courses", summary="Courses that the organization may use", answer=OwnCoursePage,
    query=CourseQuery, **_READS,
)  # fmt: skip
def org_courses(call: Call[Any, CourseQuery]) -> OwnCoursePage:
    """With the seats, where their number is limited; `limit` and `taken` only for who sees the whole organization."""
    return own_courses.page(_scope(call), call.query, Pager.of(call))


# ---------------------------------------------------------------- the wizard


@routes.add("POST", _TRAINING + "/preview", summary="Preview a launch", body=OrgLaunch, answer=PreviewOut, **_DOES)
def org_preview(call: Call[OrgLaunch, Any]) -> PreviewOut:
    """Counts in the background whom a launch would enroll, and changes nothing. A launch may quote the plan's id."""
    scope = _scope(call)
    return idempotent(call, PreviewOut, lambda seed: preview.preview(scope, call.body.form(scope.org), seed, call.now))


@routes.add("GET", _TRAINING + "/preview/{plan_id}", summary="A preview, as far as it is counted", answer=PreviewOut)
def org_preview_state(call: Call[Any, Any]) -> PreviewOut:
    return preview.state(_scope(call), call.params["plan_id"], call.now)


@routes.add(
    "POST", _TRAINING + "/enrollment", summary="Launch training", body=OrgLaunch, answer=LaunchOut, needs_key=True,
    **_DOES,
)  # fmt: skip
def org_launch(call: Call[OrgLaunch, Any]) -> LaunchOut:
    """`Idempotency-Key` is required. Launched by who is limited to departments, "all" are all of theirs on the date."""
    scope = _scope(call)
    form = call.body.form(scope.org)
    return launch.launch(scope, form, call.route, call.idempotency_key, call.request_fingerprint, call.now)


# ---------------------------------------------------------------- batches, read


@routes.add("GET", _TRAINING, summary="Batches of the organization", answer=BatchPage, query=PageQuery, **_READS)
def org_batches(call: Call[Any, PageQuery]) -> BatchPage:
    """What the MSP launched is among them, with `launched_by`, and cannot be changed here."""
    scope = _scope(call)
    return views.client(scope, scope.org, Pager.of(call))


@routes.add("GET", _BATCH, summary="A batch and its courses", answer=BatchOut, **_READS)
def org_batch(call: Call[Any, Any]) -> BatchOut:
    """To who is limited to departments, the numbers are of the people who are in these now."""
    scope, key = _seen(call)
    return views.batch(scope, key.org_id, key.batch_id, call.now)


@routes.add(
    "GET", _ROW + "/learners", summary="Learners of one course of a batch", answer=LearnerPage, query=LearnersQuery,
    **_READS,
)  # fmt: skip
def org_learners(call: Call[Any, LearnersQuery]) -> LearnerPage:
    """What became of each learner: outcome, code, a sentence, the next step, and their progress."""
    scope, key = _seen(call)
    pager = Pager.of(call)
    course_id = call.params["course_id"]
    return learners.of_row(scope, key.org_id, key.batch_id, course_id, call.query, pager, call.now)


@routes.add("GET", _BATCH + "/undo", summary="How far the undo of a batch is", answer=UndoOut, **_READS)
def org_undo_state(call: Call[Any, Any]) -> UndoOut:
    scope, key = _seen(call)
    return batch_undo.state(scope, key, call.now)


@routes.add("GET", _BATCH + "/as-launch", summary="A batch as a launch body, to copy it", answer=OrgLaunch, **_READS)
def org_as_launch(call: Call[Any, Any]) -> OrgLaunch:
    """Its courses, targeting and switches; dates that are past are left out, so that it can be launched again."""
    scope, key = _seen(call)
    return copy_batch.as_org_launch(key, scope.department_ids, call.now)


# ---------------------------------------------------------------- batches, changed


@routes.add("POST", _BATCH + "/cancel", summary="Cancel a batch", answer=BatchOut, **_DOES)
def org_cancel_batch(call: Call[Any, Any]) -> BatchOut:
    """Courses that have not run to their end. Learners who are enrolled already stay so: undo withdraws them."""
    scope, key = _changeable(call)

    def action(_: str) -> BatchOut:
        cancel.cancel_batch(key, scope.account_id, call.now)
        return views.batch(scope, key.org_id, key.batch_id, call.now)

    return idempotent(call, BatchOut, action)


@routes.add("POST", _BATCH + "/undo", summary="Undo a batch", answer=UndoOut, **_DOES)
def org_undo(call: Call[Any, Any]) -> UndoOut:
    """Withdraws enrollments that are not started, and cancels what has not run. Asking again changes nothing.

    By who is limited to departments it withdraws the people who are in these; who has moved away stays enrolled, until
    an admin of everybody asks for it.
    """
    scope, key = _changeable(call)
    return idempotent(call, UndoOut, lambda _: batch_undo.undo(scope, key, call.now))


@routes.add("POST", _ROW + "/cancel", summary="Cancel one course of a batch", answer=RowOut, **_DOES)
def org_cancel_row(call: Call[Any, Any]) -> RowOut:
    scope, key = _changeable(call)
    zone = zone_in(scope.msp_id, key.org_id)

    def action(_: str) -> RowOut:
        row = cancel.cancel_row(key, call.params["course_id"], scope.account_id, call.now)
        return row_out(scope, key, row, zone, call.now)

    return idempotent(call, RowOut, action)


@routes.add("POST", _ROW + "/retry", summary="Retry one course of a batch", answer=RowOut, **_DOES)
def org_retry_row(call: Call[Any, Any]) -> RowOut:
    """For learners that are missing only. A failed, partial or denied course can be retried.

    By who is limited to departments, for the people who are in these.
    """
    scope, key = _changeable(call)
    zone = zone_in(scope.msp_id, key.org_id)

    def action(seed: str) -> RowOut:
        row = retry.retry(scope, key, call.params["course_id"], seed, call.now)
        return row_out(scope, key, row, zone, call.now)

    return idempotent(call, RowOut, action)


@routes.add("POST", _ROW + "/remind", summary="Remind those who have not completed", answer=RemindOut, **_DOES)
def org_remind(call: Call[Any, Any]) -> RemindOut:
    """A mail to each of them, whether or not the batch sends reminders by itself.

    By who is limited to departments, to the people who are in these.
    """
    scope, key = _changeable(call)
    course_id = call.params["course_id"]
    return idempotent(call, RemindOut, lambda seed: course_mails.remind(scope, key, course_id, seed, call.now))


@routes.add("PATCH", _ROW, summary="Change the dates of one course of a batch", body=RowDates, answer=RowOut)
def org_change_dates(call: Call[RowDates, Any]) -> RowOut:
    """Both dates while the course is scheduled; afterwards the due date, for those who have not completed.

    By who is limited to departments, of the people who are in these; who has moved away keeps the date they have.
    """
    scope, key = _changeable(call)
    row = change_course_dates.change_dates(scope, key, call.params["course_id"], call.body, new_id(call.now), call.now)
    return row_out(scope, key, row, zone_in(scope.msp_id, key.org_id), call.now)
