"""Launching a rollout: one batch per client, each client on its own, and nothing twice.

What was submitted is saved before anything is done about it. If it stays unfinished, the same request again or the
sweep finishes it.
"""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.core import observability
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, Conflict, FieldError, InFlight, Invalid, NotFound
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.organizations.readiness import missing_of
from chalicelib.training.batches.states import Code
from chalicelib.training.rollouts import create_batches, form, preview
from chalicelib.training.rollouts import store as rollout_store
from chalicelib.training.rollouts.create_batches import PendingLaunch, failed
from chalicelib.training.rollouts.messages import FinishLaunch
from chalicelib.training.rollouts.schemas import LaunchOut, OrgResult, WizardForm
from chalicelib.training.rollouts.store import StoredRollout
from chalicelib.web import idempotency, idempotency_store
from chalicelib.web.idempotency_store import Attempt, IdempotencyRecord


def launch(scope: Scope, body: WizardForm, route: str, key: str | None, raw: bytes, now: datetime) -> LaunchOut:
    """Save, write one batch per client, queue one job for each; answers what became of every client.

    Raises Invalid for a wrong form, InFlight while the same request is being answered.
    """
    if key is None:
        problem = "A launch needs an Idempotency-Key, so that sending it twice launches it once."
        raise Invalid(FieldError("Idempotency-Key", "required", problem))
    form.check_size(body)
    attempt = idempotency.attempt(scope.account_id, route, key, raw, now)
    if attempt.answer is not None:
        return LaunchOut.model_validate_json(attempt.answer)
    if attempt.resumes:
        return _take_over(scope, attempt)
    quoted = preview.quoted_plan(scope, body, now)
    # The plan was reviewed: a client that is not ready any more fails on its own.
    checked = form.checked(scope, body, now, all_ready=quoted is None)
    if quoted is not None:
        preview.refuse_changes(quoted, body, checked)
    results = [OrgResult(org_id=org.org_id, name=org.name, ok=None) for org in checked.plan.orgs]
    orgs = checked.references.orgs
    results = [failed(result, Code.ORG_NOT_READY) if missing_of(orgs[result.org_id]) else result for result in results]
    job = FinishLaunch(msp_id=scope.msp_id, org_id=scope.org_id, rollout_id=attempt.seed, due_at=to_text(now))
    try:
        rollout_store.create(attempt, checked.plan, results, job)
    except ConditionFailed:
        raise InFlight() from None
    return create_batches.create_batches(PendingLaunch(job, checked.plan, results, attempt.record, recheck=False))


def retry(scope: Scope, rollout_id: str, org_ids: Sequence[str], request_id: str, now: datetime) -> LaunchOut:
    """Launch again for clients that failed at launch; the others stay as they are.

    The same request again, after it was interrupted, goes on where it stopped.
    Raises NotFound; Invalid for clients that did not fail; Conflict while the launch is at work.
    """
    stored = rollout_store.find(scope.msp_id, rollout_id)
    if stored is None:
        raise NotFound()
    if stored.spec.retried_by == request_id:
        job = FinishLaunch(msp_id=scope.msp_id, rollout_id=rollout_id, due_at=stored.spec.retried_at)
        return create_batches.create_batches(PendingLaunch(job, stored.plan, stored.results))
    failed_ids = {result.org_id for result in stored.results if result.ok is False}
    wrong = [
        FieldError(f"org_ids.{index}", "did_not_fail", "The launch didn't fail for this client. Leave it out.")
        for index, org_id in enumerate(org_ids)
        if org_id not in failed_ids
    ]
    if wrong:
        raise Invalid(*wrong)
    results = [
        OrgResult(org_id=result.org_id, name=result.name, ok=None) if result.org_id in org_ids else result
        for result in stored.results
    ]
    job = FinishLaunch(msp_id=scope.msp_id, rollout_id=rollout_id, due_at=to_text(now))
    try:
        rollout_store.reopen(job, results, request_id, now)
    except ConditionFailed:
        raise Conflict("launching", "This rollout is still launching. Please check again in a moment.") from None
    return create_batches.create_batches(PendingLaunch(job, stored.plan, results))


def finish(message: FinishLaunch, now: datetime) -> None:
    """Finish an interrupted launch (sent by the sweep)."""
    stored = rollout_store.find(message.msp_id, message.rollout_id, message.org_id)
    if stored is None:
        observability.warning("launch without rollout", rollout_id=message.rollout_id)
        return
    create_batches.create_batches(_pending(message, stored))


def on_dead_letter(message: FinishLaunch, now: datetime) -> None:
    """Clients that have no batch fail, with the reason."""
    stored = rollout_store.find(message.msp_id, message.rollout_id, message.org_id)
    if stored is not None:
        create_batches.fail_rest(_pending(message, stored))


def _take_over(scope: Scope, attempt: Attempt) -> LaunchOut:
    """The same request, after the process that claimed it died: everything it needs was saved with the claim."""
    stored = rollout_store.find(scope.msp_id, attempt.seed, scope.org_id)
    if stored is None:
        raise NotFound()
    try:
        rollout_store.take_over(attempt)
    except ConditionFailed:
        raise InFlight() from None
    job = FinishLaunch(
        msp_id=scope.msp_id, org_id=scope.org_id, rollout_id=attempt.seed, due_at=stored.header.created_at
    )
    return create_batches.create_batches(_pending(job, stored))


def _pending(job: FinishLaunch, stored: StoredRollout) -> PendingLaunch:
    return PendingLaunch(job, stored.plan, stored.results, _record(stored))


def _record(stored: StoredRollout) -> IdempotencyRecord | None:
    # Clients are launched again only after the launch was answered, and its answer stays what it was.
    if stored.spec.idempotency_sk is None or stored.spec.retried_by is not None:
        return None
    return idempotency_store.record_at(stored.header.created_by, stored.spec.idempotency_sk, stored.header.rollout_id)
