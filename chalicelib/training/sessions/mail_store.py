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
    participation_ref,
    session_ref,
    training_ref,
)

Facts = tuple[Org | None, Member | None, Training | None, Session | None, Participant | None]


def facts(about: Mapping[str, str]) -> Facts:
    """Of the session that the mail is about or, if the person was moved since, of the one that they are in."""
    found = _facts(about, about["session_id"])
    if found[4] is not None:
        return found
    pointer = participation_ref(about["org_id"], about["member_id"], about["training_id"])
    current = table.get(pointer.model, pointer.pk, pointer.sk)
    return found if current is None else _facts(about, current.session_id)


def _facts(about: Mapping[str, str], session_id: str) -> Facts:
    org_id, training_id = about["org_id"], about["training_id"]
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
