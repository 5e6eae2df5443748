"""Trainings and sessions: reads, and what admins write. Places and participants are in `participant_store`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chalicelib.aws import table
from chalicelib.aws.table import Action, Write, put_new
from chalicelib.aws.updates import update_as_read
from chalicelib.core.paging import Page
from chalicelib.training.sessions.models import (
    SESSIONS_PREFIX,
    Session,
    Training,
    session_ref,
    session_sk,
    training_pk,
    training_ref,
    training_sk,
    trainings_pk,
)
from chalicelib.training.sessions.states import SessionStatus


def training(org_id: str, training_id: str) -> Training | None:
    return table.get(Training, trainings_pk(org_id), training_sk(training_id))


def trainings(org_id: str, limit: int, after: str | None) -> Page[Training]:
    """Newest first."""
    return table.query(Training, trainings_pk(org_id), limit=limit, after=after, newest_first=True)


def session(org_id: str, training_id: str, session_id: str) -> Session | None:
    return table.get(Session, training_pk(org_id, training_id), session_sk(session_id))


def sessions(org_id: str, training_id: str) -> list[Session]:
    """All of a training, cancelled ones too, the oldest first."""
    return table.query_all(Session, training_pk(org_id, training_id), prefix=SESSIONS_PREFIX)


def session_page(org_id: str, training_id: str, limit: int, after: str | None) -> Page[Session]:
    pk = training_pk(org_id, training_id)
    return table.query(Session, pk, prefix=SESSIONS_PREFIX, limit=limit, after=after)


def training_and_session(org_id: str, training_id: str, session_id: str) -> tuple[Training | None, Session | None]:
    return table.fetch(training_ref(org_id, training_id), session_ref(org_id, training_id, session_id))


def sessions_by_id(org_id: str, pairs: Iterable[tuple[str, str]], *, consistent: bool = True) -> dict[str, Session]:
    """Sessions of pairs of training and session id, by session id; those that do not exist are left out."""
    refs = [session_ref(org_id, training_id, session_id) for training_id, session_id in dict.fromkeys(pairs)]
    return {session.session_id: session for session in table.fetch_all(refs, consistent=consistent)}


def trainings_by_id(org_id: str, training_ids: Iterable[str], *, consistent: bool = False) -> dict[str, Training]:
    refs = [training_ref(org_id, training_id) for training_id in dict.fromkeys(training_ids)]
    return {training.training_id: training for training in table.fetch_all(refs, consistent=consistent)}


# ---------------------------------------------------------------- writes of admins


def create_training_write(training: Training) -> Write:
    return put_new(training)


def change_training_write(training: Training, changes: Mapping[str, Any]) -> Write:
    """ConditionFailed when the training is not as it was read."""
    return update_as_read(training, {**changes, "revision": training.revision + 1})


def create_session_writes(training: Training, session: Session) -> list[Write]:
    """ConditionFailed: index 0 when the training is not as it was read, 1 when the session exists."""
    return [
        _set_starts(training, {**training.starts_by_session, session.session_id: session.starts_utc}),
        put_new(session),
    ]


def change_session_writes(
    training: Training, session: Session, changes: Mapping[str, Any], raised_at: str | None
) -> list[Write]:
    """With `raised_at`, SEQUENCE goes up.

    ConditionFailed: index 0 when an admin changed the session meanwhile or it was cancelled, or more places are taken
    than its new capacity has; 1 when the training is not as it was read.
    """
    condition = (Session.revision == session.revision) & (Session.status == SessionStatus.OPEN.value)
    actions: list[Action] = [Session.revision.add(1)]
    if raised_at is not None:
        actions += [Session.sequence.add(1), Session.changed_at.set(raised_at)]
    for name, value in changes.items():
        attribute = getattr(Session, name)
        actions.append(attribute.remove() if value is None else attribute.set(value))
    if changes.get("capacity") is not None:
        condition = condition & (Session.num_taken <= changes["capacity"])
    writes = [Write("update", _key_of(session), condition, tuple(actions))]
    if "starts_utc" in changes:
        writes.append(_set_starts(training, {**training.starts_by_session, session.session_id: changes["starts_utc"]}))
    return writes


def cancel_session_writes(training: Training, session: Session, reason: str, at: str) -> list[Write]:
    """ConditionFailed as in `change_session_writes`."""
    starts = {key: value for key, value in training.starts_by_session.items() if key != session.session_id}
    changes = {"status": SessionStatus.CANCELLED.value, "cancelled_at": at, "cancel_reason": reason or None}
    return [*change_session_writes(training, session, changes, at), _set_starts(training, starts)]


def raise_sequences(sessions: Sequence[Session], at: str) -> list[Write]:
    """For another title: ConditionFailed when one of these was cancelled meanwhile."""
    return [
        Write(
            "update",
            _key_of(session),
            Session.status == SessionStatus.OPEN.value,
            (Session.sequence.add(1), Session.changed_at.set(at)),
        )
        for session in sessions
    ]


def _set_starts(training: Training, starts: Mapping[str, str]) -> Write:
    unchanged = (Training.revision == training.revision) & Training.archived_at.does_not_exist()
    actions = (Training.starts.set(dict(starts)), Training.revision.add(1))
    return Write("update", Training(training.pk, training.sk), unchanged, actions)


def _key_of(session: Session) -> Session:
    return Session(session.pk, session.sk)
