"""The second half of a launch: one batch for each client, each on its own, and one job for each batch.

It goes on from wherever an earlier process stopped: ids of batches are derived, and batches are create-only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.core import observability
from chalicelib.core.errors import MusterError
from chalicelib.core.ids import derived_id
from chalicelib.jobs import queue
from chalicelib.tenants.organizations.readiness import missing_of
from chalicelib.training.batches.explanations import explain
from chalicelib.training.batches.messages import ReconcileBatch
from chalicelib.training.batches.models import Batch, batch_sk, batches_pk
from chalicelib.training.batches.schemas import Plan
from chalicelib.training.batches.states import Code
from chalicelib.training.rollouts import store as rollout_store
from chalicelib.training.rollouts.messages import FinishLaunch
from chalicelib.training.rollouts.schemas import ErrorOut, LaunchOut, OrgResult
from chalicelib.web.idempotency_store import IdempotencyRecord


@dataclass(frozen=True)
class PendingLaunch:
    """A rollout that is saved. Results whose `ok` is null are still to come.

    `job` stands in the outbox until the launch is finished; `record` gets the answer to the request, if one waits.
    With `recheck` the form was checked some time ago, so that these clients may not be ready any more.
    """

    job: FinishLaunch
    plan: Plan
    results: Sequence[OrgResult]
    record: IdempotencyRecord | None = None
    recheck: bool = True


def create_batches(launch: PendingLaunch) -> LaunchOut:
    """Write the batches of the clients that have no result yet, queue their jobs, finish the launch."""
    rollout_id = launch.job.rollout_id
    pending = [result.org_id for result in launch.results if result.ok is None]
    unready = _unready(launch.job, pending) if launch.recheck else set()
    batches = [_batch(launch, org_id) for org_id in pending if org_id not in unready]
    codes = rollout_store.insert_batches(batches)
    code_by_org = {batch.org_id: code for batch, code in zip(batches, codes, strict=True)}
    code_by_org |= dict.fromkeys(unready, Code.ORG_NOT_READY)
    return _finish(launch, [_result_of(result, rollout_id, code_by_org) for result in launch.results])


def fail_rest(launch: PendingLaunch) -> LaunchOut:
    """After the last try: clients that have no batch fail, with the reason."""
    rollout_id = launch.job.rollout_id
    pending = [result.org_id for result in launch.results if result.ok is None]
    with_batch: dict[str, str | None] = dict.fromkeys(_with_batch(rollout_id, pending))
    results = [_result_of(result, rollout_id, with_batch) for result in launch.results]
    return _finish(launch, [failed(result, Code.LAUNCH_FAILED) if result.ok is None else result for result in results])


def failed(result: OrgResult, code: Code) -> OrgResult:
    error = ErrorOut(code=code.value, detail=explain(code).text)
    return result.model_copy(update={"ok": False, "error": error})


def _finish(launch: PendingLaunch, results: Sequence[OrgResult]) -> LaunchOut:
    all_queued = _queue_jobs(launch.job.msp_id, results)
    answer = LaunchOut(rollout_id=launch.job.rollout_id, results=list(results))
    rollout_store.finish(launch.job, answer, launch.record, all_queued=all_queued)
    return answer


def _queue_jobs(msp_id: str, results: Sequence[OrgResult]) -> bool:
    jobs = [
        ReconcileBatch(msp_id=msp_id, org_id=result.org_id, batch_id=result.batch_id)
        for result in results
        if result.ok and result.batch_id
    ]
    try:
        queue.send(jobs)
    except MusterError:
        # The batches are written: the launch is not undone by a failure of the queue.
        observability.failure("jobs not sent, the sweep will send them", msp_id=msp_id, num_jobs=len(jobs))
        return False
    return True


def _batch(launch: PendingLaunch, org_id: str) -> Batch:
    plan, batch_id = launch.plan, derived_id(launch.job.rollout_id, org_id)
    return Batch(
        batches_pk(org_id),
        batch_sk(batch_id),
        batch_id=batch_id,
        org_id=org_id,
        msp_id=launch.job.msp_id,
        rollout_id=launch.job.rollout_id,
        name=plan.name,
        num_courses=len(plan.courses),
        created_by=plan.created_by,
        created_at=plan.created_at,
        launched_by=plan.launched_by,
        department_ids=plan.within,
    )


def _unready(job: FinishLaunch, org_ids: Sequence[str]) -> set[str]:
    """Clients that are not ready any more, without those that have their batch."""
    ready = {org.org_id for org in rollout_store.orgs(job.msp_id, org_ids) if not missing_of(org)}
    return set(org_ids) - ready - _with_batch(job.rollout_id, org_ids)


def _with_batch(rollout_id: str, org_ids: Sequence[str]) -> set[str]:
    """Clients whose batch an earlier try wrote before it broke."""
    keys = [(org_id, derived_id(rollout_id, org_id)) for org_id in org_ids]
    return {batch.org_id for batch in rollout_store.batches_of(keys).values()}


def _result_of(result: OrgResult, rollout_id: str, code_by_org: Mapping[str, str | None]) -> OrgResult:
    """`code_by_org` has None for a client whose batch is written; a client that is not in it keeps its result."""
    if result.org_id not in code_by_org:
        return result
    code = code_by_org[result.org_id]
    if code == Code.ORG_NOT_READY:
        return failed(result, Code.ORG_NOT_READY)
    if code is not None:
        observability.warning("batch refused", org_id=result.org_id, aws_code=code)
        return failed(result, Code.WRITE_FAILED)
    batch_id = derived_id(rollout_id, result.org_id)
    return result.model_copy(update={"ok": True, "batch_id": batch_id, "error": None})
