"""Which groups unfinished batches still need: those are not deleted under them."""

from chalicelib.tenants.structure.store import GROUP_KIND, groups_named
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.models import Batch
from chalicelib.training.batches.schemas import Plan
from chalicelib.training.rollouts import store as rollout_store


def batch_uses(org_id: str, kind: str, thing_id: str) -> list[str]:
    """`["unfinished batches"]` when one is targeted at this group, by id or by name."""
    if kind != GROUP_KIND:
        return []
    unfinished = [batch for batch in batch_store.all_batches(org_id) if _is_unfinished(batch)]
    if any(_needs(plan, org_id, thing_id) for plan in rollout_store.plans_of(unfinished)):
        return ["unfinished batches"]
    return []


def _is_unfinished(batch: Batch) -> bool:
    return bool(batch.expanded_at is None or batch.num_scheduled or batch.num_enrolling)


def _needs(plan: Plan, org_id: str, group_id: str) -> bool:
    targeting = plan.targeting
    if group_id in targeting.group_ids:
        return True
    return bool(targeting.group_names) and group_id in groups_named(org_id, targeting.group_names).values()
