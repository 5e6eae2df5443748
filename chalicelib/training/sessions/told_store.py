"""What participants were told is noted on them, many at a time.

Notes are most of what enrolling writes: one by one, their calls would be the longest part of a job.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from chalicelib.aws import bulk, table
from chalicelib.aws.table import Action, Write
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.settings import settings
from chalicelib.training.sessions.models import Participant

# Each is two writes of a transaction.
_WITH_NOTICE_AT_ONCE = 25


@dataclass(frozen=True)
class Note:
    """`sequence` is that of the invitation, change or cancellation that was made; None for a place in line.

    `notice` is for the person's account, and is made with the note.
    """

    participant: Participant
    sequence: int | None
    notice: Write | None = None


def put(notes: Sequence[Note]) -> None:
    """Nothing for a person who was told this before, or of a later SEQUENCE. Participants differ from each other."""
    with_notice = [note for note in notes if note.notice is not None]
    for start in range(0, len(with_notice), _WITH_NOTICE_AT_ONCE):
        _put_together(with_notice[start : start + _WITH_NOTICE_AT_ONCE])
    without = [note for note in notes if note.notice is None]
    updates = [((note.participant.pk, note.participant.sk), _update(note)) for note in without]
    outcomes = bulk.update_many(settings().core_table, updates)
    for note, outcome in zip(without, outcomes, strict=True):
        if outcome != bulk.APPLIED:
            table.update_if(_key(note), _condition(note), *_actions(note))


def _put_together(notes: Sequence[Note]) -> None:
    """For two units a KB, with or without the others. When one was told meanwhile, each counts for itself."""
    try:
        table.transact([write for note in notes for write in _writes(note)])
    except ConditionFailed:
        for note in notes:
            with suppress(ConditionFailed):
                table.transact(_writes(note))


def _writes(note: Note) -> list[Write]:
    update = Write("update", _key(note), _condition(note), tuple(_actions(note)))
    return [update] if note.notice is None else [update, note.notice]


def _key(note: Note) -> Participant:
    return Participant(note.participant.pk, note.participant.sk)


def _condition(note: Note) -> Any:
    ours = Participant.participation_id == note.participant.participation_id
    if note.sequence is None:
        return ours & Participant.told_waiting.does_not_exist()
    return ours & (Participant.told_sequence.does_not_exist() | (Participant.told_sequence < note.sequence))


def _actions(note: Note) -> list[Action]:
    if note.sequence is None:
        return [Participant.told_waiting.set(True)]
    actions: list[Action] = [Participant.told_sequence.set(note.sequence)]
    if note.participant.first_told is None:
        actions.append(Participant.first_told.set(note.sequence))
    return actions


def _update(note: Note) -> bulk.Update:
    """The same in PartiQL, for a participant as it was read: who was told meanwhile is looked at one by one."""
    condition, values = '"participation_id" = ? AND ', [{"S": note.participant.participation_id}]
    if note.sequence is None:
        return bulk.Update('SET "told_waiting" = ?', [{"BOOL": True}], f'{condition}"told_waiting" IS MISSING', values)
    sequence = {"N": str(note.sequence)}
    sets, set_values = 'SET "told_sequence" = ?', [sequence]
    if note.participant.first_told is None:
        sets, set_values = f'{sets} SET "first_told" = ?', [sequence, sequence]
    if note.participant.told_sequence is None:
        return bulk.Update(sets, set_values, f'{condition}"told_sequence" IS MISSING', values)
    return bulk.Update(sets, set_values, f'{condition}"told_sequence" < ?', [*values, sequence])
