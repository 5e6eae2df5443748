"""Rollouts, their batches' first write, and due entries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.aws import bulk, table
from chalicelib.aws.table import Write, put_new
from chalicelib.core.clock import to_text
from chalicelib.core.paging import Page
from chalicelib.core.settings import settings
from chalicelib.training.batches.models import SPEC_SK, Batch, RolloutSpec, batch_sk, batches_pk, rollout_pk
from chalicelib.training.batches.schemas import Plan
from chalicelib.training.batches.states import RolloutState
from chalicelib.training.rollouts.models import Rollout, rollout_sk, rollouts_pk
from chalicelib.training.rollouts.schemas import OrgResult


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


def create_writes(
    msp_id: str, rollout_id: str, plan: Plan, results: Sequence[OrgResult], idempotency_sk: str | None
) -> list[Write]:
    header = Rollout(
        rollouts_pk(msp_id),
        rollout_sk(rollout_id),
        rollout_id=rollout_id,
        name=plan.name,
        state=RolloutState.LAUNCHING.value,
        num_orgs=len(plan.orgs),
        created_by=plan.created_by,
        created_at=plan.created_at,
    )
    spec = RolloutSpec(
        rollout_pk(msp_id, rollout_id),
        SPEC_SK,
        plan=plan.model_dump(mode="json"),
        results=_packed(results),
        idempotency_sk=idempotency_sk,
    )
    return [put_new(header), put_new(spec)]


def find(msp_id: str, rollout_id: str) -> StoredRollout | None:
    header_key = (rollouts_pk(msp_id), rollout_sk(rollout_id))
    spec_key = (rollout_pk(msp_id, rollout_id), SPEC_SK)
    found = table.batch_get([(Rollout, *header_key), (RolloutSpec, *spec_key)])
    header, spec = found.get(header_key), found.get(spec_key)
    if not isinstance(header, Rollout) or not isinstance(spec, RolloutSpec):
        return None
    return StoredRollout(header, spec)


def rollouts(msp_id: str, limit: int, after: str | None) -> Page[Rollout]:
    return table.query(Rollout, rollouts_pk(msp_id), limit=limit, after=after, newest_first=True)


def result_writes(msp_id: str, rollout_id: str, results: Sequence[OrgResult], state: RolloutState) -> list[Write]:
    header = Rollout(rollouts_pk(msp_id), rollout_sk(rollout_id))
    spec = RolloutSpec(rollout_pk(msp_id, rollout_id), SPEC_SK)
    counted = (
        Rollout.state.set(state.value),
        Rollout.num_ok.set(sum(result.ok is True for result in results)),
        Rollout.num_failed.set(sum(result.ok is False for result in results)),
    )
    return [
        Write("update", header, Rollout.pk.exists(), counted),
        Write("update", spec, RolloutSpec.pk.exists(), (RolloutSpec.results.set(_packed(results)),)),
    ]


def reopen_writes(
    msp_id: str, rollout_id: str, results: Sequence[OrgResult], request_id: str, now: datetime
) -> list[Write]:
    """To launch some clients again; ConditionFailed with index 0 while a launch is still at work."""
    header, spec = result_writes(msp_id, rollout_id, results, RolloutState.LAUNCHING)
    reopened = (*spec.actions, RolloutSpec.retried_by.set(request_id), RolloutSpec.retried_at.set(to_text(now)))
    return [
        Write("update", header.item, Rollout.state == RolloutState.LAUNCHED.value, header.actions),
        Write("update", spec.item, spec.condition, reopened),
    ]


def _packed(results: Iterable[OrgResult]) -> list[dict[str, object]]:
    return [result.model_dump(mode="json") for result in results]


def insert_batches(batches: Sequence[Batch]) -> list[str | None]:
    """Create-only, in one call for 25. Per batch None when it stands (now, or from an earlier try), else a code."""
    items = [batch.serialize() for batch in batches]
    outcomes = bulk.insert_new(settings().core_table, items, all_or_raise=False)
    # What is told as refused may be written all the same, just as what is told as there may be ours.
    doubtful = [batch for batch, outcome in zip(batches, outcomes, strict=True) if outcome != bulk.CREATED]
    found = table.batch_get([(Batch, *batch.key) for batch in doubtful]) if doubtful else {}
    standing = {key for key, item in found.items() if isinstance(item, Batch) and _same(item, batches)}
    return [
        None if outcome == bulk.CREATED or batch.key in standing else outcome
        for batch, outcome in zip(batches, outcomes, strict=True)
    ]


def _same(item: Batch, batches: Sequence[Batch]) -> bool:
    return any(item.key == batch.key and item.rollout_id == batch.rollout_id for batch in batches)


def batches_of(keys: Sequence[tuple[str, str]]) -> dict[str, Batch]:
    """Batches by id, from (org_id, batch_id)."""
    wanted = [(Batch, batches_pk(org_id), batch_sk(batch_id)) for org_id, batch_id in keys]
    found = table.batch_get(wanted, consistent=False)
    return {item.batch_id: item for item in found.values() if isinstance(item, Batch)}


# ---------------------------------------------------------------- due entries
