"""Items of rollouts: the header that lists show."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.aws.items import CoreItem
from chalicelib.tenants.access.models import msp_pk, org_pk


class Rollout(CoreItem):
    """`MSP#m#ROLLOUTS` / `ROLLOUT#r`: the header that lists show. `ORG#o#ROLLOUTS` for an organization's own."""

    rollout_id = UnicodeAttribute()
    name = UnicodeAttribute()
    state = UnicodeAttribute()
    num_orgs = NumberAttribute()
    num_ok = NumberAttribute(default=0)
    num_failed = NumberAttribute(default=0)
    created_by = UnicodeAttribute()
    created_at = UnicodeAttribute()


def rollouts_pk(msp_id: str, org_id: str | None = None) -> str:
    return f"{org_pk(org_id) if org_id else msp_pk(msp_id)}#ROLLOUTS"


def rollout_sk(rollout_id: str) -> str:
    return f"ROLLOUT#{rollout_id}"
