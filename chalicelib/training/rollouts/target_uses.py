"""Which groups, departments and locations unfinished batches still need: those are not deleted under them."""

from chalicelib.people.search.schemas import Filter
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.models import Batch
from chalicelib.training.batches.recipients import named_groups
from chalicelib.training.batches.schemas import Plan
from chalicelib.training.rollouts import store as rollout_store


def batch_uses(org_id: str, kind: str, thing_id: str) -> list[str]:
    """`["unfinished batches"]` when one is targeted at this group, department or location, or limited to it."""
    unfinished = [batch for batch in batch_store.all_batches(org_id) if _is_unfinished(batch)]
    if any(_needs(plan, org_id, kind, thing_id) for plan in rollout_store.plans_of(unfinished)):
        return ["unfinished batches"]
    return []


def _is_unfinished(batch: Batch) -> bool:
    return bool(batch.expanded_at is None or batch.num_scheduled or batch.num_enrolling)


def _needs(plan: Plan, org_id: str, kind: str, thing_id: str) -> bool:
    targeting, filter_ = plan.targeting, plan.targeting.filter or Filter()
    match kind:
        case "group":
            by_name = named_groups(targeting, org_id).values()
            return thing_id in (*targeting.group_ids, *filter_.group_ids, *by_name)
        case "department":
            return thing_id in (*targeting.department_ids, *filter_.department_ids, *(plan.within or ()))
        case _:
            return thing_id in filter_.location_ids
