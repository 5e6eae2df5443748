"""Which groups unfinished batches still need: those are not deleted under them."""

from typing import assert_never

from chalicelib.tenants.structure.states import GROUP
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.models import Batch
from chalicelib.training.batches.recipients import named_groups
from chalicelib.training.batches.schemas import Plan
from chalicelib.training.rollouts import store as rollout_store


def batch_uses(org_id: str, kind: str, thing_id: str) -> list[str]:
    """`["unfinished batches"]` when one is targeted at this group, by id or by name."""
    if kind != GROUP:
        return []
    unfinished = [batch for batch in batch_store.all_batches(org_id) if _is_unfinished(batch)]
    if any(_needs(plan, org_id, thing_id) for plan in rollout_store.plans_of(unfinished)):
        return ["unfinished batches"]
    return []


def _is_unfinished(batch: Batch) -> bool:
    return bool(batch.expanded_at is None or batch.num_scheduled or batch.num_enrolling)


def _needs(plan: Plan, org_id: str, group_id: str) -> bool:
    targeting = plan.targeting
    match targeting.mode:
        case "all":
            return False
        case "groups" | "exclude_groups":
            return group_id in targeting.group_ids
        case "group_names":
            return group_id in named_groups(targeting, org_id).values()
        case _:
            assert_never(targeting.mode)
