"""Trainings: create, change, list, archive."""

from collections.abc import Iterable
from datetime import datetime

from chalicelib.core.clock import to_text
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.paging import Page, filtered_page
from chalicelib.core.settle import until_settled
from chalicelib.core.text import normalized
from chalicelib.jobs import due, queue
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.organizations.lookups import open_org_of
from chalicelib.training.sessions import store
from chalicelib.training.sessions.messages import TellSession
from chalicelib.training.sessions.models import Session, Training, training_sk, trainings_pk
from chalicelib.training.sessions.schemas import TrainingForm, TrainingOut, TrainingPage, TrainingPatch, TrainingQuery
from chalicelib.web.paging import Pager

_PER_READ, _MAX_READS = 100, 5


def create(scope: Scope, form: TrainingForm, seed: str, now: datetime) -> TrainingOut:
    """The same request again, by its `seed`, creates nothing twice. Raises Conflict for a client that was closed."""
    existing = store.training(scope.org, seed)
    if existing is not None:
        return _out(scope, existing, {}, now)
    open_org_of(scope.msp_id, scope.org)
    training = Training(
        trainings_pk(scope.org), training_sk(seed), training_id=seed, title=form.title, description=form.description,
        certificate=form.certificate, created_at=to_text(now),
    )  # fmt: skip
    entry = AuditEntry(scope.account_id, "training.created", f"training/{seed}", after=form.model_dump())
    audit.commit(scope.tenant_pk, entry, [store.create_training_write(training)], now)
    return _out(scope, training, {}, now)


def page(scope: Scope, query: TrainingQuery, pager: Pager, now: datetime) -> TrainingPage:
    """Newest first."""
    word = normalized(query.search or "")

    def keep(training: Training) -> bool:
        return (query.archived or not training.archived_at) and word in normalized(training.title)

    def read(after: str | None) -> Page[Training]:
        return store.trainings(scope.org, _PER_READ if word else pager.limit, after)

    found = filtered_page(read, keep, lambda training: str(training.sk), pager.limit, pager.position, _MAX_READS)
    pairs = [(training.training_id, key) for training in found.items for key in training.starts_by_session]
    sessions = store.sessions_by_id(scope.org, pairs, consistent=False)
    return TrainingPage(
        items=[_out(scope, training, sessions, now) for training in found.items],
        next_cursor=pager.cursor(found.next_position),
    )


def read(scope: Scope, training_id: str, now: datetime) -> TrainingOut:
    """Raises NotFound."""
    training = training_of(scope.org, training_id)
    pairs = [(training_id, key) for key in training.starts_by_session]
    return _out(scope, training, store.sessions_by_id(scope.org, pairs, consistent=False), now)


def change(scope: Scope, training_id: str, patch: TrainingPatch, now: datetime) -> TrainingOut:
    """Another title raises the SEQUENCE of sessions to come, in the same transaction. Raises NotFound, Conflict."""
    fields = patch.model_dump(exclude_unset=True, exclude={"notify"})

    def step() -> list[TellSession]:
        training = training_of(scope.org, training_id)
        _refuse_archived(training)
        changes = {name: value for name, value in fields.items() if getattr(training, name) != value}
        if not changes:
            return []
        before = {name: getattr(training, name) for name in changes}
        entry = AuditEntry(scope.account_id, "training.changed", f"training/{training_id}", before, changes)
        told = _to_come(scope.org, training, now) if "title" in changes else []
        jobs = [tell_job(scope, session, now, raised=True, quiet=not patch.notify) for session in told]
        writes = [store.change_training_write(training, changes), *store.raise_sequences(told, to_text(now))]
        audit.commit(scope.tenant_pk, entry, [*writes, *(due.write(job, sent_at=now) for job in jobs)], now)
        return jobs

    queue.send_soon(*until_settled(step))
    return read(scope, training_id, now)


def archive(scope: Scope, training_id: str, now: datetime) -> TrainingOut:
    """It takes no more sessions and people. Archiving again changes nothing.

    Raises NotFound; Conflict while it has sessions to come.
    """

    def step() -> None:
        training = training_of(scope.org, training_id)
        if training.archived_at:
            return
        if any(start > to_text(now) for start in training.starts_by_session.values()):
            raise Conflict("sessions_to_come", "This training has upcoming sessions. Cancel them first.")
        entry = AuditEntry(scope.account_id, "training.archived", f"training/{training_id}")
        audit.commit(
            scope.tenant_pk, entry, [store.change_training_write(training, {"archived_at": to_text(now)})], now
        )

    until_settled(step)
    return read(scope, training_id, now)


def training_of(org_id: str, training_id: str) -> Training:
    """Raises NotFound."""
    training = store.training(org_id, training_id)
    if training is None:
        raise NotFound("There is no such training")
    return training


def titles(scope: Scope, training_ids: Iterable[str]) -> dict[str, str]:
    """Of those that exist, by id."""
    return {one: str(training.title) for one, training in store.trainings_by_id(scope.org, training_ids).items()}


def tell_job(scope: Scope, session: Session, now: datetime, *, raised: bool, quiet: bool = False) -> TellSession:
    """Tells the session's people of its change. `raised`: its SEQUENCE goes up in the same transaction.

    `quiet`: only their calendar feeds show it.
    """
    return TellSession(
        msp_id=scope.msp_id, org_id=scope.org, training_id=session.training_id, session_id=session.session_id,
        sequence=int(session.sequence) + raised, due_at=to_text(now), quiet=quiet,
    )  # fmt: skip


def _to_come(org_id: str, training: Training, now: datetime) -> list[Session]:
    ids = [key for key, start in training.starts_by_session.items() if start > to_text(now)]
    found = store.sessions_by_id(org_id, [(training.training_id, key) for key in ids])
    return [session for session in found.values() if session.is_open]


def _refuse_archived(training: Training) -> None:
    if training.archived_at:
        raise Conflict("archived", "This training is archived.")


def _out(scope: Scope, training: Training, sessions: dict[str, Session], now: datetime) -> TrainingOut:
    starts = training.starts_by_session
    num_participants = sum(int(sessions[key].num_taken) for key in starts if key in sessions)
    return TrainingOut(
        training_id=training.training_id,
        title=training.title,
        description=training.description,
        certificate=training.certificate,
        num_sessions=len(starts),
        next_session_at=min((start for start in starts.values() if start > to_text(now)), default=None),
        num_participants=num_participants if scope.department_ids is None else None,
        created_at=training.created_at,
        archived_at=training.archived_at,
    )
