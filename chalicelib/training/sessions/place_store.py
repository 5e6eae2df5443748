"""The counters of a session: every write that takes, frees or hands on a place."""

from typing import Any

from chalicelib.aws.table import Action, Write
from chalicelib.training.sessions.models import Session
from chalicelib.training.sessions.states import SessionStatus


def take_places(session: Session, num_seated: int, num_waiting: int) -> Write:
    """Places for some, the line for others. ConditionFailed when there are not so many places any more, or when
    somebody who waits would find one free.
    """
    condition = _open() & _same_capacity(session) & _same_sequence(session)
    actions: list[Action] = []
    if session.capacity is not None and num_seated:
        free = int(session.capacity) - num_seated
        # Those who wait do so because all places are taken by then.
        condition = condition & (Session.num_taken == free if num_waiting else Session.num_taken <= free)
    elif num_waiting:
        condition = condition & ((Session.num_taken >= session.capacity) | (Session.num_waiting > 0))
    if num_seated:
        condition = condition & (Session.num_waiting == 0)
        actions.append(Session.num_taken.add(num_seated))
    if num_waiting:
        condition = condition & (Session.waiting_list == True)  # noqa: E712 - an expression for DynamoDB
        actions.append(Session.num_waiting.add(num_waiting))
    return Write("update", _key_of(session), condition, tuple(actions))


def leave_place(session: Session) -> Write:
    """A place becomes free, and nobody waits for it. ConditionFailed when somebody does by now."""
    condition = (Session.num_waiting == 0) & (Session.num_taken > 0) & _same_sequence(session)
    return Write("update", _key_of(session), condition, (Session.num_taken.add(-1),))


def leave_place_for_good(session: Session) -> Write:
    """The same for a session that gives no places any more: it has started, or was cancelled."""
    return Write(
        "update", _key_of(session), (Session.num_taken > 0) & _same_sequence(session), (Session.num_taken.add(-1),)
    )


def hand_over_place(session: Session) -> Write:
    """A place goes from one who leaves to one who waits."""
    return Write(
        "update", _key_of(session), _open() & (Session.num_waiting > 0) & _same_sequence(session),
        (Session.num_waiting.add(-1),),
    )  # fmt: skip


def leave_line(session: Session) -> Write:
    condition = (Session.num_waiting > 0) & _same_sequence(session)
    return Write("update", _key_of(session), condition, (Session.num_waiting.add(-1),))


def fill(session: Session, number: int) -> Write:
    """Free places for so many of those who wait. ConditionFailed when there are not so many free."""
    condition = _open() & _same_capacity(session) & (Session.num_waiting >= number)
    if session.capacity is not None:
        condition = condition & (Session.num_taken <= int(session.capacity) - number)
    return Write(
        "update", _key_of(session), condition, (Session.num_taken.add(number), Session.num_waiting.add(-number))
    )


def same_sequence(session: Session) -> Write:
    """For a transaction that computes with the session's SEQUENCE and does not write to it."""
    return Write("check", _key_of(session), _same_sequence(session))


def _open() -> Any:
    return Session.status == SessionStatus.OPEN.value


def _same_sequence(session: Session) -> Any:
    """Who takes or leaves a place while the session changes looks again: SEQUENCE follows from both."""
    return Session.sequence == session.sequence


def _same_capacity(session: Session) -> Any:
    return Session.capacity.does_not_exist() if session.capacity is None else Session.capacity == session.capacity


def _key_of(session: Session) -> Session:
    return Session(session.pk, session.sk)
