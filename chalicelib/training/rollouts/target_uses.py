"""Which groups and departments unfinished batches still need: those are not deleted under them."""

from chalicelib.tenants.structure.names import DEPARTMENT, GROUP
from chalicelib.tenants.structure.store import group_ids_named
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.models import Batch
from chalicelib.training.batches.schemas import Plan
from chalicelib.training.rollouts import store as rollout_store


def batch_uses(org_id: str, kind: str, thing_id: str) -> list[str]:
    """`["unfinished batches"]` when one is targeted at this group or department, or limited to the department."""
    if kind not in (GROUP, DEPARTMENT):
        return []
    needs = _needs_group if kind == GROUP else _needs_department
    unfinished = [batch for batch in batch_store.all_batches(org_id) if _is_unfinished(batch)]
    if any(needs(plan, org_id, thing_id) for plan in rollout_store.plans_of(unfinished)):
        return ["unfinished batches"]
    return []


def _is_unfinished(batch: Batch) -> bool:
    return bool(batch.expanded_at is None or batch.num_scheduled or batch.num_enrolling)


def _needs_group(plan: Plan, org_id: str, group_id: str) -> bool:
    targeting = plan.targeting
    if group_id in targeting.group_ids:
        return True
    return bool(targeting.group_names) and group_id in group_ids_named(org_id, targeting.group_names)


def _needs_department(plan: Plan, org_id: str, department_id: str) -> bool:
    return department_id in plan.targeting.department_ids or department_id in (plan.within or ())
