"""What a person's own live trainings refer to: one read for a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.aws import table
from chalicelib.aws.table import Ref
from chalicelib.tenants.access.models import AccountEntry
from chalicelib.tenants.organizations.models import Org, org_ref
from chalicelib.training.sessions.models import (
    Participant,
    Participation,
    Session,
    Training,
    participant_ref,
    participations_pk,
    session_ref,
    training_ref,
    training_sk,
)


@dataclass(frozen=True)
class Own:
    """A participation of an account, with all that there is to show of it."""

    org: Org
    training: Training
    session: Session
    participant: Participant


def own(entries: Sequence[AccountEntry], most: int) -> list[Own]:
    """Up to so many participations of these memberships: a query for each, and one read for all, a call per 100 items.

    As a second ago: this is for who looks every hour.
    """
    pairs = [(entry, pointer) for entry in entries for pointer in _pointers(entry, most)][:most]
    refs = [_refs(entry, pointer) for entry, pointer in pairs]
    found = table.fetch_mixed(dict.fromkeys(ref for some in refs for ref in some), consistent=False)
    things = [[found.get(ref) for ref in some] for some in refs]
    return [Own(*them) for them in things if None not in them]  # type: ignore[arg-type]


def _pointers(entry: AccountEntry, most: int) -> Sequence[Participation]:
    pk = participations_pk(str(entry.org_id), str(entry.member_id))
    return table.query(Participation, pk, prefix=training_sk(""), limit=most).items


def _refs(entry: AccountEntry, pointer: Participation) -> tuple[Ref[Any], ...]:
    org_id, training_id = str(entry.org_id), pointer.training_id
    return (
        org_ref(entry.msp_id, org_id),
        training_ref(org_id, training_id),
        session_ref(org_id, training_id, pointer.session_id),
        participant_ref(org_id, pointer.session_id, str(entry.member_id)),
    )


def orgs_and_trainings(ids: Sequence[tuple[str, str, str]]) -> tuple[dict[str, Org], dict[str, Training]]:
    """By id, for triples of MSP, organization and training; those that do not exist are left out."""
    org_refs = {org_id: org_ref(msp_id, org_id) for msp_id, org_id, _ in ids}
    training_refs = {training_id: training_ref(org_id, training_id) for _, org_id, training_id in ids}
    found = table.fetch_mixed([*org_refs.values(), *training_refs.values()], consistent=False)
    orgs = {org_id: org for org_id, ref in org_refs.items() if (org := found.get(ref)) is not None}
    trainings = {key: training for key, ref in training_refs.items() if (training := found.get(ref)) is not None}
    return orgs, trainings
