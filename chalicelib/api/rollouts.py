"""The MSP's rollouts over HTTP: launch, follow, retry."""

from typing import Any

from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.training.rollouts import dashboard, launch, preview, views
from chalicelib.training.rollouts.schemas import (
    Dashboard,
    DashboardQuery,
    Launch,
    LaunchOut,
    PreviewOut,
    RetryOrgs,
    RolloutOut,
    RolloutPage,
)
from chalicelib.web.idempotency import idempotent
from chalicelib.web.paging import PageQuery, Pager
from chalicelib.web.routing import Call, Routes

routes = Routes("Rollouts", __name__, needs=Permission.ROLLOUTS)


def _scope(call: Call[Any, Any]) -> Scope:
    return access.msp(call.account_id, call.needs, call.msp_id)


@routes.add("GET", "/msp/training", summary="Dashboard over all clients", answer=Dashboard, query=DashboardQuery)
def show_dashboard(call: Call[Any, DashboardQuery]) -> Dashboard:
    scope = _scope(call)
    return dashboard.dashboard(scope, call.query, Pager.of(call))


@routes.add(
    "POST", "/msp/training/enrollment", summary="Launch a rollout", body=Launch, answer=LaunchOut, status=202,
    idempotent=True, needs_key=True,
)  # fmt: skip
def launch_rollout(call: Call[Launch, Any]) -> LaunchOut:
    """One batch per client, each on its own. `Idempotency-Key` is required."""
    return launch.launch(
        _scope(call), call.body.form(), call.route, call.idempotency_key, call.request_fingerprint, call.now
    )


@routes.add(
    "POST",
    "/msp/training/preview",
    summary="Preview a launch",
    body=Launch,
    answer=PreviewOut,
    status=202,
    idempotent=True,
)
def preview_launch(call: Call[Launch, Any]) -> PreviewOut:
    """Counts in the background whom a launch would enroll, and changes nothing. A launch may quote the plan's id."""
    scope = _scope(call)
    return idempotent(call, PreviewOut, lambda seed: preview.preview(scope, call.body.form(), seed, call.now))


@routes.add("GET", "/msp/training/preview/{plan_id}", summary="A preview, as far as it is counted", answer=PreviewOut)
def preview_state(call: Call[Any, Any]) -> PreviewOut:
    return preview.state(_scope(call), call.params["plan_id"], call.now)


@routes.add("GET", "/msp/rollouts", summary="Rollouts, newest first", answer=RolloutPage, query=PageQuery)
def rollouts(call: Call[Any, PageQuery]) -> RolloutPage:
    scope = _scope(call)
    return views.rollouts(scope, Pager.of(call))


@routes.add("GET", "/msp/rollouts/{rollout_id}", summary="A rollout, client by client", answer=RolloutOut)
def rollout(call: Call[Any, Any]) -> RolloutOut:
    return views.rollout(_scope(call), call.params["rollout_id"], call.now)


@routes.add(
    "POST", "/msp/rollouts/{rollout_id}/retry", summary="Launch again for clients that failed at launch",
    body=RetryOrgs, answer=LaunchOut, status=202, idempotent=True,
)  # fmt: skip
def retry_rollout(call: Call[RetryOrgs, Any]) -> LaunchOut:
    scope = _scope(call)
    rollout_id, org_ids = call.params["rollout_id"], call.body.org_ids
    return idempotent(call, LaunchOut, lambda seed: launch.retry(scope, rollout_id, org_ids, seed, call.now))
