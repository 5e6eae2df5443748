"""Participants, their places and the waiting line: every read, and every write that takes or frees a place."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.aws import table
from chalicelib.aws.table import Write, put_new
from chalicelib.core.clock import to_text
from chalicelib.core.paging import Page
from chalicelib.training.sessions.models import (
    ANSWER_SK,
    AnswerToken,
    LineEntry,
    Participant,
    Participation,
    Session,
    answer_pk,
    line_entry,
    line_pk,
    participant_ref,
    participant_sk,
    participation_ref,
    participations_pk,
    session_pk,
    session_ref,
    training_sk,
)
from chalicelib.training.sessions.states import SEATED, ParticipantStatus


@dataclass(frozen=True)
class Held:
    """A member's participation in one training, current or past. `session` is the one that they are or were in."""

    pointer: Participation
    participant: Participant | None
    session: Session | None

    @property
    def is_live(self) -> bool:
        """The person can't be enrolled in this training again."""
        is_cancelled = self.participant is not None and self.participant.status == ParticipantStatus.CANCELLED
        return not is_cancelled and self.session is not None and self.session.is_open


def participant(org_id: str, session_id: str, member_id: str) -> Participant | None:
    return table.get(Participant, session_pk(org_id, session_id), participant_sk(member_id))


def participants(
    org_id: str, session_id: str, limit: int, after: str | None, *, consistent: bool = True
) -> Page[Participant]:
    return table.query(Participant, session_pk(org_id, session_id), limit=limit, after=after, consistent=consistent)


def participants_by_id(org_id: str, session_id: str, member_ids: Iterable[str]) -> dict[str, Participant]:
    refs = [participant_ref(org_id, session_id, member_id) for member_id in member_ids]
    return {participant.member_id: participant for participant in table.fetch_all(refs)}


def participants_of(org_id: str, pairs: Iterable[tuple[str, str]]) -> list[Participant]:
    """Participants of several sessions, by pairs of session and member id; those that do not exist are left out."""
    return table.fetch_all(participant_ref(org_id, session_id, member_id) for session_id, member_id in pairs)


def participations(org_id: str, member_id: str) -> list[Participation]:
    """In all trainings: a member has few."""
    return table.query_all(Participation, participations_pk(org_id, member_id), prefix=training_sk(""))


def participations_in(org_id: str, training_id: str, member_ids: Iterable[str]) -> dict[str, Participation]:
    """In one training, by member; those who have none are left out."""
    refs = {member_id: participation_ref(org_id, member_id, training_id) for member_id in member_ids}
    found = table.fetch_mixed(refs.values())
    return {member_id: pointer for member_id, ref in refs.items() if (pointer := found.get(ref)) is not None}


def participation_page(org_id: str, member_id: str, limit: int, after: str | None) -> Page[Participation]:
    return table.query(
        Participation, participations_pk(org_id, member_id), prefix=training_sk(""), limit=limit, after=after,
        consistent=True,
    )  # fmt: skip


def held(org_id: str, member_id: str, training_id: str) -> Held | None:
    ref = participation_ref(org_id, member_id, training_id)
    pointer = table.get(Participation, ref.pk, ref.sk)
    return held_of(org_id, {member_id: [pointer]})[member_id][0] if pointer else None


def held_of(org_id: str, pointers_by_member: dict[str, list[Participation]]) -> dict[str, list[Held]]:
    """What the pointers of some members lead to, in a few calls."""
    pairs = [(member_id, pointer) for member_id, pointers in pointers_by_member.items() for pointer in pointers]
    people = [participant_ref(org_id, pointer.session_id, member_id) for member_id, pointer in pairs]
    sessions = {
        pointer.session_id: session_ref(org_id, pointer.training_id, pointer.session_id) for _, pointer in pairs
    }
    found = table.fetch_mixed([*people, *sessions.values()])
    helds: dict[str, list[Held]] = {member_id: [] for member_id in pointers_by_member}
    for (member_id, pointer), ref in zip(pairs, people, strict=True):
        helds[member_id].append(Held(pointer, found.get(ref), found.get(sessions[pointer.session_id])))
    return helds


def answer_token(token: str) -> AnswerToken | None:
    return table.get(AnswerToken, answer_pk(token), ANSWER_SK)


def first_in_line(org_id: str, session_id: str, limit: int) -> list[LineEntry]:
    return list(table.query(LineEntry, line_pk(org_id, session_id), limit=limit, consistent=True).items)


def line(org_id: str, session_id: str) -> list[str]:
    """Ids of the members who wait, the first in line first."""
    return [entry.member_id for entry in table.query_all(LineEntry, line_pk(org_id, session_id), consistent=False)]


def commit(writes: Sequence[Write]) -> None:
    table.transact(writes)


# ---------------------------------------------------------------- one participant


def pointer_to(participant: Participant) -> Participation:
    return Participation(
        participations_pk(participant.org_id, participant.member_id), training_sk(participant.training_id),
        training_id=participant.training_id, session_id=participant.session_id,
        participation_id=participant.participation_id,
    )  # fmt: skip


def create_writes(msp_id: str, new: Participant, before: Held | None) -> list[Write]:
    """A participant with pointer, token and, when waiting, place in line.

    ConditionFailed when the person has become a participant of the training since `before` was read.
    """
    pointer = pointer_to(new)
    token = AnswerToken(
        answer_pk(new.token), ANSWER_SK, msp_id=msp_id, org_id=new.org_id, training_id=new.training_id,
        member_id=new.member_id, participation_id=new.participation_id,
    )  # fmt: skip
    if before is None:
        writes = [put_new(pointer), put_new(new), put_new(token)]
    else:
        same = Participation.participation_id == before.pointer.participation_id
        # The address that takes the person's answers stays, so that calendars take what comes from it.
        is_kept = before.participant is not None and before.participant.token == new.token
        token_write = Write("put", token) if is_kept else put_new(token)
        writes = [Write("put", pointer, same), _put_anew(new, before), token_write]
    return [*writes, *([put_new(line_entry(new))] if new.status == ParticipantStatus.WAITING else [])]


def _put_anew(new: Participant, before: Held) -> Write:
    """In the session that the person was in before, the old record gives way; elsewhere it stays."""
    if new.session_id != before.pointer.session_id:
        return put_new(new)
    is_over = Participant.status == ParticipantStatus.CANCELLED.value
    return Write("put", new, Participant.pk.does_not_exist() | is_over)


def change_write(participant: Participant, **changes: Any) -> Write:
    """ConditionFailed when the participant changed since it was read; None removes an attribute."""
    actions = [Participant.revision.add(1)]
    for name, value in changes.items():
        attribute = getattr(Participant, name)
        actions.append(attribute.remove() if value is None else attribute.set(value))
    same = (Participant.revision == participant.revision) & (
        Participant.participation_id == participant.participation_id
    )
    return Write("update", Participant(participant.pk, participant.sk), same, tuple(actions))


def join_line(participant: Participant) -> Write:
    return put_new(line_entry(participant))


def line_exit(participant: Participant) -> Write:
    """ConditionFailed when the person does not wait any more."""
    return Write("delete", line_entry(participant), LineEntry.pk.exists())


def drop_stray(entry: LineEntry) -> None:
    table.transact([Write("delete", entry)])


def promote_writes(waiting: Participant) -> list[Write]:
    """From the line to a place. ConditionFailed when the person does not wait any more.

    Who was invited before, declined, and came back to a full session is invited anew, with a higher SEQUENCE.
    """
    changes: dict[str, Any] = {"status": ParticipantStatus.INVITED.value}
    if waiting.told_sequence is not None:
        changes |= {"sequence": waiting.sequence + 1, "told_sequence": None}
    return [line_exit(waiting), change_write(waiting, **changes)]


def move_writes(before: Participant, after: Participant) -> list[Write]:
    """To another session of the training: the record goes along. ConditionFailed when it changed since it was read.

    What the person leaves there, a place or a place in line, is `places.leave`'s.
    """
    same = (Participant.revision == before.revision) & (Participant.participation_id == before.participation_id)
    # What was told is noted beside the revision, and goes along.
    same &= _as_read(Participant.told_sequence, before.told_sequence)
    pointer = Participation(participations_pk(before.org_id, before.member_id), training_sk(before.training_id))
    unmoved = Participation.participation_id == before.participation_id
    is_over = Participant.status == ParticipantStatus.CANCELLED.value
    return [
        Write("delete", Participant(before.pk, before.sk), same),
        Write("put", after, Participant.pk.does_not_exist() | is_over),
        Write("update", pointer, unmoved, (Participation.session_id.set(after.session_id),)),
        *([put_new(line_entry(after))] if after.status == ParticipantStatus.WAITING else []),
    ]


def _as_read(attribute: Any, value: Any) -> Any:
    return attribute.does_not_exist() if value is None else attribute == value


def holds_place(participant: Participant) -> bool:
    return participant.status in SEATED


def is_visible(participant: Participant, now: datetime) -> bool:
    return bool(participant.visible_from <= to_text(now))
