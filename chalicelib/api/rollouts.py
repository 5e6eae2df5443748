"""The MSP's rollouts over HTTP: launch, follow, retry."""

from typing import Any

from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.organizations.lookups import zone_in
from chalicelib.training.batches.page_schemas import BatchOut, BatchPage, RowOut
from chalicelib.training.batches.store import BatchKey
from chalicelib.training.batches.views import row_out
from chalicelib.training.course_mails.schemas import RemindOut
from chalicelib.training.progress.schemas import LearnerPage, LearnersQuery
from chalicelib.training.rollouts.schemas import (
    Dashboard,
    Launch,
    LaunchOut,
    PreviewOut,
    RetryOrgs,
    RolloutOut,
    RolloutPage,
)
from chalicelib.web.paging import PageQuery, Pager
from chalicelib.web.routing import Call, Routes
from chalicelib.wiring import once, wiring

routes = Routes("Rollouts", __name__)

_BATCH = "/msp/training/{org_id}/{batch_id}"
_ROW = _BATCH + "/courses/{course_id}"


def _scope(call: Call[Any, Any]) -> Scope:
    return wiring().access.msp(call.account_id, Permission.ROLLOUTS, call.msp_id)


@routes.add("GET", "/msp/training", summary="Dashboard over all clients", answer=Dashboard, query=PageQuery)
def dashboard(call: Call[Any, PageQuery]) -> Dashboard:
    scope = _scope(call)
    return wiring().views.dashboard(scope, Pager.of(call))


@routes.add("GET", "/msp/training/{org_id}", summary="A client's batches", answer=BatchPage, query=PageQuery)
def client_page(call: Call[Any, PageQuery]) -> BatchPage:
    scope = _scope(call)
    return wiring().views.client(scope, call.params["org_id"], Pager.of(call))


@routes.add("GET", _BATCH, summary="A batch and its courses", answer=BatchOut)
def batch_page(call: Call[Any, Any]) -> BatchOut:
    return wiring().views.batch(_scope(call), call.params["org_id"], call.params["batch_id"], call.now)


@routes.add(
    "GET", _ROW + "/learners", summary="Learners of one course of a batch", answer=LearnerPage, query=LearnersQuery
)
def learners_page(call: Call[Any, LearnersQuery]) -> LearnerPage:
    """What became of each learner: outcome, code, a sentence, the next step, and their progress."""
    scope = _scope(call)
    pager = Pager.of(call)
    org_id, batch_id, course_id = (call.params[name] for name in ("org_id", "batch_id", "course_id"))
    return wiring().learners.of_row(scope, org_id, batch_id, course_id, call.query.outcome, pager, call.now)


@routes.add(
    "POST", "/msp/training/enrollment", summary="Launch a rollout", body=Launch, answer=LaunchOut, status=202,
    once=True, needs_key=True,
)  # fmt: skip
def launch(call: Call[Launch, Any]) -> LaunchOut:
    """One batch per client, each on its own. `Idempotency-Key` is required."""
    return wiring().launches.launch(_scope(call), call.body, call.route, call.idempotency_key, call.said, call.now)


@routes.add(
    "POST", "/msp/training/preview", summary="Preview a launch", body=Launch, answer=PreviewOut, status=202, once=True
)
def preview(call: Call[Launch, Any]) -> PreviewOut:
    """Counts in the background whom a launch would enroll, and changes nothing. A launch may quote the plan's id."""
    scope = _scope(call)
    return once(call, PreviewOut, lambda seed: wiring().previews.preview(scope, call.body, seed, call.now))


@routes.add("GET", "/msp/training/preview/{plan_id}", summary="A preview, as far as it is counted", answer=PreviewOut)
def preview_state(call: Call[Any, Any]) -> PreviewOut:
    return wiring().previews.state(_scope(call), call.params["plan_id"], call.now)


@routes.add("GET", "/msp/rollouts", summary="Rollouts, newest first", answer=RolloutPage, query=PageQuery)
def rollouts(call: Call[Any, PageQuery]) -> RolloutPage:
    scope = _scope(call)
    return wiring().views.rollouts(scope, Pager.of(call))


@routes.add("GET", "/msp/rollouts/{rollout_id}", summary="A rollout, client by client", answer=RolloutOut)
def rollout(call: Call[Any, Any]) -> RolloutOut:
    return wiring().views.rollout(_scope(call), call.params["rollout_id"])


@routes.add(
    "POST", "/msp/rollouts/{rollout_id}/retry", summary="Launch again for clients that failed at launch",
    body=RetryOrgs, answer=LaunchOut, status=202, once=True,
)  # fmt: skip
def retry_rollout(call: Call[RetryOrgs, Any]) -> LaunchOut:
    scope = _scope(call)
    rollout_id, org_ids = call.params["rollout_id"], call.body.org_ids
    return once(call, LaunchOut, lambda seed: wiring().launches.retry(scope, rollout_id, org_ids, seed, call.now))


@routes.add("POST", _ROW + "/retry", summary="Retry one course of a batch", answer=RowOut, status=202, once=True)
def retry_row(call: Call[Any, Any]) -> RowOut:
    """For learners that are missing only. A failed, partial or denied course can be retried."""
    scope = _scope(call)
    key = BatchKey(scope.msp_id, call.params["org_id"], call.params["batch_id"])
    zone = zone_in(scope.msp_id, key.org_id)

    def retry(seed: str) -> RowOut:
        row = wiring().retries.retry(key, call.params["course_id"], scope.account_id, seed, call.now)
        return row_out(row, zone, call.now)

    return once(call, RowOut, retry)


@routes.add(
    "POST", _ROW + "/remind", summary="Remind those who have not completed", answer=RemindOut, status=202, once=True
)
def remind(call: Call[Any, Any]) -> RemindOut:
    """A mail to each of them, whether or not the batch sends reminders by itself."""
    scope = _scope(call)
    key = BatchKey(scope.msp_id, call.params["org_id"], call.params["batch_id"])
    course_id = call.params["course_id"]
    zone_in(scope.msp_id, key.org_id)
    return once(call, RemindOut, lambda seed: wiring().mailing.remind(key, course_id, scope.account_id, seed, call.now))
