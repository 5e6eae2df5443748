"""Rollouts, and the first write of their batches."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.aws import bulk, table
from chalicelib.aws.table import Ref, Write, put_new
from chalicelib.core.clock import to_instant, to_text
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.paging import Page
from chalicelib.core.settings import settings
from chalicelib.jobs import activity_store, due
from chalicelib.jobs.activity_store import ActivityKind
from chalicelib.tenants.access.models import msp_pk
from chalicelib.tenants.organizations.models import Org, org_sk
from chalicelib.training.batches.models import SPEC_SK, Batch, RolloutSpec, batch_ref, rollout_pk, spec_ref
from chalicelib.training.batches.schemas import Plan
from chalicelib.training.batches.states import RolloutState
from chalicelib.training.rollouts.messages import FinishLaunch
from chalicelib.training.rollouts.models import Rollout, rollout_sk, rollouts_pk
from chalicelib.training.rollouts.schemas import LaunchOut, OrgResult
from chalicelib.web import idempotency_store
from chalicelib.web.idempotency_store import Attempt, IdempotencyRecord


@dataclass(frozen=True)
class StoredRollout:
    header: Rollout
    spec: RolloutSpec

    @property
    def plan(self) -> Plan:
        return Plan.model_validate(self.spec.plan)

    @property
    def results(self) -> list[OrgResult]:
        return [OrgResult.model_validate(entry) for entry in self.spec.results]


def find(msp_id: str, rollout_id: str, org_id: str | None = None) -> StoredRollout | None:
    """`org_id` is the organization's that launched it inside itself."""
    header_ref = Ref(Rollout, rollouts_pk(msp_id, org_id), rollout_sk(rollout_id))
    header, spec = table.fetch(header_ref, spec_ref(msp_id, rollout_id))
    return None if header is None or spec is None else StoredRollout(header, spec)


def rollouts(msp_id: str, limit: int, after: str | None) -> Page[Rollout]:
    return table.query(Rollout, rollouts_pk(msp_id), limit=limit, after=after, newest_first=True)


def with_results(msp_id: str, headers: Sequence[Rollout]) -> list[tuple[Rollout, list[OrgResult]]]:
    """Each with what is known of its clients: one call."""
    specs = {spec.pk: spec for spec in table.fetch_all(spec_ref(msp_id, one.rollout_id) for one in headers)}
    pairs = [(one, specs.get(rollout_pk(msp_id, one.rollout_id))) for one in headers]
    return [(one, StoredRollout(one, spec).results) for one, spec in pairs if spec is not None]


def plans_of(batches: Iterable[Batch]) -> list[Plan]:
    """The plans that these batches are of, each once."""
    refs = {spec_ref(batch.msp_id, batch.rollout_id) for batch in batches}
    return [Plan.model_validate(spec.plan) for spec in table.fetch_all(refs)]


def create(attempt: Attempt, plan: Plan, results: Sequence[OrgResult], job: FinishLaunch) -> None:
    """Save what was submitted, with the claim of its Idempotency-Key and the job that finishes the launch.

    ConditionFailed while the same request is being answered.
    """
    header = Rollout(
        rollouts_pk(job.msp_id, job.org_id),
        rollout_sk(job.rollout_id),
        rollout_id=job.rollout_id,
        name=plan.name,
        state=RolloutState.LAUNCHING.value,
        num_orgs=len(plan.orgs),
        created_by=plan.created_by,
        created_at=plan.created_at,
    )
    spec = RolloutSpec(
        rollout_pk(job.msp_id, job.rollout_id),
        SPEC_SK,
        plan=plan.model_dump(mode="json"),
        results=_packed(results),
        idempotency_sk=attempt.record.sk,
    )
    at = to_instant(plan.created_at)
    started = activity_store.write(
        job.msp_id, plan.created_by, ActivityKind.ROLLOUT, job.rollout_id, at, org_id=job.org_id
    )
    table.transact([attempt.claim_write(), put_new(header), put_new(spec), due.write(job), started])


def take_over(attempt: Attempt) -> None:
    """Claim the key of a request whose process died. ConditionFailed while the same request is being answered."""
    table.transact([attempt.claim_write()])


def reopen(job: FinishLaunch, results: Sequence[OrgResult], request_id: str, now: datetime) -> None:
    """To launch some clients again. ConditionFailed while a launch is still at work."""
    header, spec = _result_writes(job, results, RolloutState.LAUNCHING)
    retried = (RolloutSpec.retried_by.set(request_id), RolloutSpec.retried_at.set(to_text(now)))
    table.transact(
        [
            Write("update", header.item, Rollout.state == RolloutState.LAUNCHED.value, header.actions),
            Write("update", spec.item, spec.condition, (*spec.actions, *retried)),
            due.write(job),
        ]
    )


def finish(job: FinishLaunch, answer: LaunchOut, record: IdempotencyRecord | None, *, all_queued: bool) -> None:
    """The launch is at its end: store the results and the answer to the request, if one waits for it.

    The due entry goes when all jobs are in the queue; else the sweep sends the job again, which queues them.
    """
    writes = _result_writes(job, answer.results, RolloutState.LAUNCHED)
    writes += [due.done(job)] if all_queued else []
    if record is not None:
        try:
            table.transact([*writes, idempotency_store.answer_write(record, answer.model_dump_json())])
            return
        except ConditionFailed:
            # The key's 24 hours are over: nobody can ask for the answer under it any more.
            pass
    table.transact(writes)


def _result_writes(job: FinishLaunch, results: Sequence[OrgResult], state: RolloutState) -> list[Write]:
    header = Rollout(rollouts_pk(job.msp_id, job.org_id), rollout_sk(job.rollout_id))
    spec = RolloutSpec(rollout_pk(job.msp_id, job.rollout_id), SPEC_SK)
    counts = (
        Rollout.state.set(state.value),
        Rollout.num_ok.set(sum(result.ok is True for result in results)),
        Rollout.num_failed.set(sum(result.ok is False for result in results)),
    )
    return [
        Write("update", header, Rollout.pk.exists(), counts),
        Write("update", spec, RolloutSpec.pk.exists(), (RolloutSpec.results.set(_packed(results)),)),
    ]


def _packed(results: Iterable[OrgResult]) -> list[dict[str, object]]:
    return [result.model_dump(mode="json") for result in results]


def insert_batches(batches: Sequence[Batch]) -> list[str | None]:
    """Create-only, in one call for 25. Per batch None when it is there, now or from an earlier try, else a code."""
    if not batches:
        return []
    items = [batch.serialize() for batch in batches]
    outcomes = bulk.insert_new(settings().core_table, items, all_or_raise=False)
    # A batch that is reported as refused may be written all the same; one that is reported as existing may be ours.
    doubtful = [batch for batch, outcome in zip(batches, outcomes, strict=True) if outcome != bulk.CREATED]
    existing = table.fetch_all(batch_ref(batch.org_id, batch.batch_id) for batch in doubtful)
    ours = {item.key for item in existing if any(_is_same(item, batch) for batch in batches)}
    return [
        None if outcome == bulk.CREATED or batch.key in ours else outcome
        for batch, outcome in zip(batches, outcomes, strict=True)
    ]


def _is_same(item: Batch, batch: Batch) -> bool:
    return item.key == batch.key and bool(item.rollout_id == batch.rollout_id)


def batches_of(keys: Iterable[tuple[str, str]]) -> dict[str, Batch]:
    """Batches by id, from (org_id, batch_id)."""
    found = table.fetch_all([batch_ref(org_id, batch_id) for org_id, batch_id in keys], consistent=False)
    return {batch.batch_id: batch for batch in found}


def orgs(msp_id: str, org_ids: Iterable[str]) -> list[Org]:
    return table.fetch_all(Ref(Org, msp_pk(msp_id), org_sk(org_id)) for org_id in org_ids)
