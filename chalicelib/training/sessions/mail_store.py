"""What mails about live trainings are made from: one read."""

from collections.abc import Mapping

from chalicelib.aws import table
from chalicelib.people.members.models import Member, member_ref
from chalicelib.tenants.organizations.models import Org, org_ref
from chalicelib.training.sessions.models import (
    Participant,
    Session,
    Training,
    participant_ref,
    session_ref,
    training_ref,
)


def facts(
    about: Mapping[str, str],
) -> tuple[Org | None, Member | None, Training | None, Session | None, Participant | None]:
    org_id, training_id, session_id = about["org_id"], about["training_id"], about["session_id"]
    return table.fetch(
        org_ref(about["msp_id"], org_id),
        member_ref(org_id, about["member_id"]),
        training_ref(org_id, training_id),
        session_ref(org_id, training_id, session_id),
        participant_ref(org_id, session_id, about["member_id"]),
    )
