"""What a person's own live trainings refer to: one read for a page."""

from collections.abc import Sequence

from chalicelib.aws import table
from chalicelib.tenants.organizations.models import Org, org_ref
from chalicelib.training.sessions.models import Training, training_ref


def orgs_and_trainings(ids: Sequence[tuple[str, str, str]]) -> tuple[dict[str, Org], dict[str, Training]]:
    """By id, for triples of MSP, organization and training; those that do not exist are left out."""
    org_refs = {org_id: org_ref(msp_id, org_id) for msp_id, org_id, _ in ids}
    training_refs = {training_id: training_ref(org_id, training_id) for _, org_id, training_id in ids}
    found = table.fetch_mixed([*org_refs.values(), *training_refs.values()], consistent=False)
    orgs = {org_id: org for org_id, ref in org_refs.items() if (org := found.get(ref)) is not None}
    trainings = {key: training for key, ref in training_refs.items() if (training := found.get(ref)) is not None}
    return orgs, trainings
