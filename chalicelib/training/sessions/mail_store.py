"""What mails about live trainings are made from, in one read; and which of them was written last."""

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


def note_written(participant: Participant, mail_id: str, sequence: int) -> None:
    """This mail says how things were under this SEQUENCE. Whether it goes out, its state tells."""
    same = Participant.participation_id == participant.participation_id
    actions = (Participant.written_sequence.set(sequence), Participant.written_mail_id.set(mail_id))
    table.update_if(Participant(participant.pk, participant.sk), same, *actions)
