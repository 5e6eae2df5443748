"""Launching a rollout: one batch per client, each client on its own, and nothing twice.

What was asked is saved before anything is done about it; whoever finds it unfinished (the same
request again, the sweep) carries it out to its end.
"""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.aws import table
from chalicelib.core import observability
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, Conflict, FieldError, Invalid, MusterError, NotFound
from chalicelib.core.ids import derived_id
from chalicelib.jobs import due, queue
from chalicelib.tenants.access.models import msp_pk
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.organizations.models import Org, org_sk
from chalicelib.tenants.organizations.readiness import missing_of
from chalicelib.training.batches.explanations import explain
from chalicelib.training.batches.messages import AdvanceBatch
from chalicelib.training.batches.models import Batch, batch_sk, batches_pk
from chalicelib.training.batches.schemas import Plan
from chalicelib.training.batches.states import Code, RolloutState
from chalicelib.training.rollouts import form, preview
from chalicelib.training.rollouts import store as rollout_store
from chalicelib.training.rollouts.messages import FinishLaunch
from chalicelib.training.rollouts.schemas import ErrorOut, Launch, LaunchOut, OrgResult
from chalicelib.training.rollouts.store import StoredRollout
from chalicelib.web import idempotency, idempotency_store
from chalicelib.web.idempotency_store import Attempt, IdempotencyRecord


def launch(scope: Scope, body: Launch, route: str, key: str | None, raw: bytes, now: datetime) -> LaunchOut:
    """Save, write one batch per client, queue one job for each; answers what became of every client.

    Raises Invalid for a wrong form, Conflict while the same request is in flight.
    """
    if key is None:
        problem = "A launch needs an Idempotency-Key, so that sending it twice launches it once."
        raise Invalid(FieldError("Idempotency-Key", "required", problem))
    form.check_size(body)
    attempt = idempotency.attempt(scope.account_id, route, key, raw, now)
    if attempt.answer is not None:
        return LaunchOut.model_validate_json(attempt.answer)
    if attempt.resumes:
        return _take_over(scope.msp_id, attempt, now)
    quoted = preview.quoted(scope.msp_id, body, now)
    facts = form.read_facts(scope.msp_id, body, now)
    # Of a plan that was reviewed, a client that is not ready any more fails alone.
    courses = form.check(body, facts, all_ready=quoted is None)
    if quoted is not None:
        preview.refuse_changes(quoted, body, facts)
    plan = form.plan_of(scope, body, facts, courses, now)
    results = [OrgResult(org_id=org.org_id, name=org.name, ok=None) for org in plan.orgs]
    results = [
        _failed(result, Code.ORG_NOT_READY) if missing_of(facts.orgs[result.org_id]) else result for result in results
    ]
    rollout_id = attempt.seed
    created = rollout_store.create_writes(scope.msp_id, rollout_id, plan, results, attempt.record.sk)
    unfinished = _job(scope.msp_id, rollout_id, to_text(now))
    try:
        table.transact([attempt.claim_write(), *created, due.write(unfinished)])
    except ConditionFailed:
        raise idempotency.in_flight() from None
    return _carry_out(scope.msp_id, rollout_id, plan, results, [unfinished], attempt.record)


def retry(scope: Scope, rollout_id: str, org_ids: Sequence[str], request_id: str, now: datetime) -> LaunchOut:
    """Launch again for clients that failed at launch; the others stay as they are.

    The same request again, after it was interrupted, goes on where it stopped.
    Raises NotFound; Invalid for clients that did not fail; Conflict while the launch is at work.
    """
    stored = rollout_store.find(scope.msp_id, rollout_id)
    if stored is None:
        raise NotFound()
    if stored.spec.retried_by == request_id:
        unfinished = _job(scope.msp_id, rollout_id, stored.spec.retried_at)
        return _carry_out(scope.msp_id, rollout_id, stored.plan, stored.results, [unfinished], None, later=True)
    failed = {result.org_id for result in stored.results if result.ok is False}
    wrong = [
        FieldError(f"org_ids.{index}", "did_not_fail", "The launch did not fail for this client; leave it out.")
        for index, org_id in enumerate(org_ids)
        if org_id not in failed
    ]
    if wrong:
        raise Invalid(*wrong)
    again = [
        OrgResult(org_id=result.org_id, name=result.name, ok=None) if result.org_id in org_ids else result
        for result in stored.results
    ]
    unfinished = _job(scope.msp_id, rollout_id, to_text(now))
    try:
        table.transact(
            [*rollout_store.reopen_writes(scope.msp_id, rollout_id, again, request_id, now), due.write(unfinished)]
        )
    except ConditionFailed:
        raise Conflict("launching", "This rollout is still being launched; look again in a moment.") from None
    return _carry_out(scope.msp_id, rollout_id, stored.plan, again, [unfinished], None, later=True)


def finish(message: FinishLaunch, now: datetime) -> None:
    """Carry an interrupted launch to its end (sent by the sweep)."""
    stored = rollout_store.find(message.msp_id, message.rollout_id)
    if stored is None:
        observability.warning("launch without rollout", rollout_id=message.rollout_id)
        return
    _resume(message.msp_id, stored, str(message.due_at))


def give_up(message: FinishLaunch, now: datetime) -> None:
    """A dead letter: clients that have no batch fail, with the reason."""
    stored = rollout_store.find(message.msp_id, message.rollout_id)
    if stored is None:
        return
    rollout_id = message.rollout_id
    pending = [result for result in stored.results if result.ok is None]
    made: dict[str, str | None] = dict.fromkeys(_standing(rollout_id, pending))
    results = [_result_of(result, rollout_id, made, set()) for result in stored.results]
    results = [_failed(result, Code.LAUNCH_FAILED) if result.ok is None else result for result in results]
    queued = _queue_jobs(message.msp_id, results)
    unfinished = _job(message.msp_id, rollout_id, str(message.due_at))
    _settle(message.msp_id, rollout_id, results, [unfinished] if queued else [], _record(stored))


def _take_over(msp_id: str, attempt: Attempt, now: datetime) -> LaunchOut:
    """The same request, after the process that claimed it died: everything it needs was saved with the claim."""
    stored = rollout_store.find(msp_id, attempt.seed)
    if stored is None:
        raise NotFound()
    try:
        table.transact([attempt.claim_write()])
    except ConditionFailed:
        raise idempotency.in_flight() from None
    return _resume(msp_id, stored, stored.header.created_at)


def _resume(msp_id: str, stored: StoredRollout, due_at: str) -> LaunchOut:
    rollout_id = stored.header.rollout_id
    unfinished = _job(msp_id, rollout_id, due_at)
    return _carry_out(msp_id, rollout_id, stored.plan, stored.results, [unfinished], _record(stored), later=True)


def _carry_out(
    msp_id: str,
    rollout_id: str,
    plan: Plan,
    results: Sequence[OrgResult],
    unfinished: Sequence[FinishLaunch],
    record: IdempotencyRecord | None,
    later: bool = False,
) -> LaunchOut:
    """Write the batches of the clients that have no result yet, queue their jobs, settle the rollout.

    `later`: the form was checked some time ago, so whether these clients are ready is looked up again.
    """
    pending = [result for result in results if result.ok is None]
    unready = _unready(msp_id, rollout_id, pending) if later else set()
    batches = [_batch(msp_id, rollout_id, plan, result.org_id) for result in pending if result.org_id not in unready]
    codes = dict(zip([batch.org_id for batch in batches], _inserted(batches), strict=True))
    settled = [_result_of(result, rollout_id, codes, unready) for result in results]
    queued = _queue_jobs(msp_id, settled)
    # Jobs that could not be queued are left to the sweep: the due entry stays.
    return _settle(msp_id, rollout_id, settled, unfinished if queued else [], record)


def _queue_jobs(msp_id: str, results: Sequence[OrgResult]) -> bool:
    jobs = [
        AdvanceBatch(msp_id=msp_id, org_id=result.org_id, batch_id=result.batch_id)
        for result in results
        if result.ok and result.batch_id
    ]
    try:
        queue.send(jobs)
    except MusterError:
        # The batches stand: whatever the queue's trouble is, the launch is not undone by it.
        observability.failure("jobs left to the sweep", msp_id=msp_id, num_jobs=len(jobs))
        return False
    return True


def _settle(
    msp_id: str,
    rollout_id: str,
    results: Sequence[OrgResult],
    unfinished: Sequence[FinishLaunch],
    record: IdempotencyRecord | None,
) -> LaunchOut:
    answer = LaunchOut(rollout_id=rollout_id, results=list(results))
    writes = rollout_store.result_writes(msp_id, rollout_id, results, RolloutState.LAUNCHED)
    writes += map(due.done, unfinished)
    if record is None:
        table.transact(writes)
        return answer
    try:
        table.transact([*writes, idempotency_store.answer_write(record, answer.model_dump_json())])
    except ConditionFailed:
        # The key's 24 hours are over, and nobody can ask for the answer under it any more.
        table.transact(writes)
    return answer


def _inserted(batches: Sequence[Batch]) -> list[str | None]:
    return rollout_store.insert_batches(batches) if batches else []


def _batch(msp_id: str, rollout_id: str, plan: Plan, org_id: str) -> Batch:
    batch_id = derived_id(rollout_id, org_id)
    return Batch(
        batches_pk(org_id),
        batch_sk(batch_id),
        batch_id=batch_id,
        org_id=org_id,
        msp_id=msp_id,
        rollout_id=rollout_id,
        name=plan.name,
        num_courses=len(plan.courses),
        created_by=plan.created_by,
        created_at=plan.created_at,
    )


def _unready(msp_id: str, rollout_id: str, pending: Sequence[OrgResult]) -> set[str]:
    """Clients that were ready when the form was checked and are not any more, but for those that have their batch."""
    found = table.batch_get([(Org, msp_pk(msp_id), org_sk(result.org_id)) for result in pending])
    ready = {item.org_id for item in found.values() if isinstance(item, Org) and not missing_of(item)}
    return {result.org_id for result in pending} - ready - _standing(rollout_id, pending)


def _standing(rollout_id: str, pending: Sequence[OrgResult]) -> set[str]:
    """Clients whose batch an earlier try wrote before it broke."""
    keys = [(result.org_id, derived_id(rollout_id, result.org_id)) for result in pending]
    return {batch.org_id for batch in rollout_store.batches_of(keys).values()}


def _result_of(result: OrgResult, rollout_id: str, codes: dict[str, str | None], unready: set[str]) -> OrgResult:
    if result.org_id in unready:
        return _failed(result, Code.ORG_NOT_READY)
    if result.org_id not in codes:
        return result
    if (code := codes[result.org_id]) is not None:
        observability.warning("batch refused", org_id=result.org_id, aws_code=code)
        return _failed(result, Code.WRITE_FAILED)
    batch_id = derived_id(rollout_id, result.org_id)
    return result.model_copy(update={"ok": True, "batch_id": batch_id, "error": None})


def _failed(result: OrgResult, code: Code) -> OrgResult:
    error = ErrorOut(code=code.value, detail=explain(code).text)
    return result.model_copy(update={"ok": False, "error": error})


def _job(msp_id: str, rollout_id: str, instant: str) -> FinishLaunch:
    return FinishLaunch(msp_id=msp_id, rollout_id=rollout_id, due_at=instant)


def _record(stored: StoredRollout) -> IdempotencyRecord | None:
    # Clients are launched again only after the launch was answered, and its answer stays what it was.
    if stored.spec.idempotency_sk is None or stored.spec.retried_by is not None:
        return None
    return idempotency_store.record_at(stored.header.created_by, stored.spec.idempotency_sk, stored.header.rollout_id)
