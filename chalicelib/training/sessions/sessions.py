"""Sessions of a training: create, read, change, cancel."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, Conflict, FieldError, Invalid, NotFound
from chalicelib.core.settle import until_settled
from chalicelib.jobs import due, queue
from chalicelib.jobs.job import DueJob
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.organizations.lookups import open_org_of
from chalicelib.training.sessions import local_times, reminders, store
from chalicelib.training.sessions.messages import FillPlaces
from chalicelib.training.sessions.models import Session, Training, session_sk, training_pk
from chalicelib.training.sessions.schemas import MAX_SESSIONS, SessionForm, SessionOut, SessionPage, SessionPatch
from chalicelib.training.sessions.trainings import tell_job, training_of
from chalicelib.web.paging import Pager

_TIMES = ("starts_at", "ends_at", "time_zone")
_PLAIN = ("place", "web_link", "capacity", "waiting_list", "reminders", "instructor")

# A change of these is told, and raises SEQUENCE.
_TOLD = frozenset({"starts_utc", "ends_utc", "time_zone", "place", "web_link", "instructor"})
# Texts that may name somebody.
_ABOUT_PEOPLE = frozenset({"instructor", "cancel_reason"})


def create(scope: Scope, training_id: str, form: SessionForm, seed: str, now: datetime) -> SessionOut:
    """The same request again, by its `seed`, creates nothing twice.

    Raises NotFound; Conflict for an archived training, too many sessions, or a client that was closed; Invalid for a
    wrong time or no place.
    """
    open_org_of(scope.msp_id, scope.org)
    starts_utc, ends_utc = local_times.instants(form.starts_at, form.ends_at, form.time_zone)
    _refuse_past(starts_utc, now)
    _refuse_nowhere(form.place, form.web_link)

    def step() -> Session:
        training = training_of(scope.org, training_id)
        existing = store.session(scope.org, training_id, seed)
        if existing is not None:
            return existing
        if training.archived_at:
            raise Conflict("archived", "This training is archived, so it can't have new sessions.")
        if len(training.starts_by_session) >= MAX_SESSIONS:
            raise Conflict(
                "too_many_sessions", f"A training can have up to {MAX_SESSIONS} sessions. Create another training."
            )
        session = Session(
            training_pk(scope.org, training_id), session_sk(seed), training_id=training_id, session_id=seed,
            starts_at=local_times.local_text(form.starts_at), ends_at=local_times.local_text(form.ends_at),
            time_zone=form.time_zone, starts_utc=starts_utc, ends_utc=ends_utc, place=form.place,
            web_link=form.web_link, capacity=form.capacity, waiting_list=form.waiting_list, reminders=form.reminders,
            instructor=form.instructor,
            created_at=to_text(now),
        )  # fmt: skip
        entry = AuditEntry(
            scope.account_id, "session.created", f"session/{seed}", after={"training_id": training_id, **_told(session)}
        )
        jobs = (
            reminders.jobs_for(scope.msp_id, scope.org, session, session.starts_utc, now) if session.reminders else []
        )
        writes = [*store.create_session_writes(training, session), *map(due.write, jobs)]
        audit.commit(scope.tenant_pk, entry, writes, now)
        return session

    return out(scope, until_settled(step))


def page(scope: Scope, training_id: str, pager: Pager) -> SessionPage:
    """In the order in which they were made. Raises NotFound."""
    training_of(scope.org, training_id)
    found = store.session_page(scope.org, training_id, pager.limit, pager.position)
    return SessionPage(
        items=[out(scope, session) for session in found.items], next_cursor=pager.cursor(found.next_position)
    )


def session_of(org_id: str, training_id: str, session_id: str) -> Session:
    """Raises NotFound."""
    session = store.session(org_id, training_id, session_id)
    if session is None:
        raise NotFound("There is no such session")
    return session


def change(scope: Scope, training_id: str, session_id: str, patch: SessionPatch, now: datetime) -> SessionOut:
    """Raises NotFound; Conflict for a session that was cancelled or has started, or whose new capacity is too small;
    Invalid for a wrong time or no place.
    """
    fields = patch.model_dump(exclude_unset=True, exclude={"notify"})

    def step() -> list[DueJob]:
        training, session = _open_session(scope, training_id, session_id, now)
        changes = _changes(session, fields, now)
        if not changes:
            return []
        raises = bool(_TOLD & changes.keys())
        jobs: list[DueJob] = [tell_job(scope, session, now, raised=True, quiet=not patch.notify)] if raises else []
        # Whether or not anybody waits now: somebody may join the line before this is written. A line that takes nobody
        # any more is still there for those who are in it.
        if (session.waiting_list or session.num_waiting) and "capacity" in changes:
            jobs.append(_fill_job(scope, session, now))
        writes = store.change_session_writes(training, session, changes, to_text(now) if raises else None)
        if changes.get("reminders", session.reminders) and {"reminders", "starts_utc"} & changes.keys():
            # Those for an earlier time see that it is another, and end.
            start = changes.get("starts_utc", session.starts_utc)
            writes += map(due.write, reminders.jobs_for(scope.msp_id, scope.org, session, start, now))
        before = _shown({name: getattr(session, name) for name in changes})
        entry = AuditEntry(scope.account_id, "session.changed", f"session/{session_id}", before, _shown(changes))
        try:
            audit.commit(scope.tenant_pk, entry, [*writes, *(due.write(job, sent_at=now) for job in jobs)], now)
        except ConditionFailed:
            # Places may have been taken since: say so rather than try again.
            _refuse_small(session_of(scope.org, training_id, session_id), changes.get("capacity"))
            raise
        return jobs

    queue.send_soon(*until_settled(step))
    return out(scope, session_of(scope.org, training_id, session_id))


def cancel(scope: Scope, training_id: str, session_id: str, reason: str, now: datetime) -> SessionOut:
    """The session and who was in it stay on record. Cancelling again changes nothing. Raises NotFound, Conflict."""

    def step() -> list[DueJob]:
        training, session = training_of(scope.org, training_id), session_of(scope.org, training_id, session_id)
        if not session.is_open:
            return []
        if session.starts_utc <= to_text(now):
            raise _started()
        job = tell_job(scope, session, now, raised=True)
        writes = store.cancel_session_writes(training, session, reason, to_text(now))
        entry = AuditEntry(
            scope.account_id, "session.cancelled", f"session/{session_id}", after=_shown({"cancel_reason": reason})
        )
        audit.commit(scope.tenant_pk, entry, [*writes, due.write(job, sent_at=now)], now)
        return [job]

    queue.send_soon(*until_settled(step))
    return out(scope, session_of(scope.org, training_id, session_id))


def out(scope: Scope, session: Session) -> SessionOut:
    """How many are in it, of other departments too, is not for who is limited to some. Whether it is full, is."""
    sees_all = scope.department_ids is None
    capacity = None if session.capacity is None else int(session.capacity)
    return SessionOut(
        **{name: getattr(session, name) for name in SessionOut.model_fields if name not in _COMPUTED},
        capacity=capacity,
        num_taken=int(session.num_taken) if sees_all else None,
        num_waiting=int(session.num_waiting) if sees_all else None,
        num_free=None if capacity is None else max(0, capacity - int(session.num_taken)),
        sequence=int(session.sequence),
    )


_COMPUTED = frozenset({"capacity", "num_taken", "num_waiting", "num_free", "sequence"})


def _open_session(scope: Scope, training_id: str, session_id: str, now: datetime) -> tuple[Training, Session]:
    training, session = training_of(scope.org, training_id), session_of(scope.org, training_id, session_id)
    if not session.is_open:
        raise Conflict("session_cancelled", "This session was cancelled. Create a new one.")
    if session.starts_utc <= to_text(now):
        raise _started()
    return training, session


def _changes(session: Session, fields: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    changes = {name: fields[name] for name in _PLAIN if name in fields and fields[name] != getattr(session, name)}
    if any(name in fields for name in _TIMES):
        starts_at, ends_at = (
            fields.get(name) or local_times.from_text(getattr(session, name)) for name in ("starts_at", "ends_at")
        )
        zone = fields.get("time_zone") or session.time_zone
        starts_utc, ends_utc = local_times.instants(starts_at, ends_at, zone)
        times = {
            "starts_at": local_times.local_text(starts_at), "ends_at": local_times.local_text(ends_at),
            "time_zone": zone, "starts_utc": starts_utc, "ends_utc": ends_utc,
        }  # fmt: skip
        changes |= {name: value for name, value in times.items() if value != getattr(session, name)}
        if "starts_utc" in changes:
            _refuse_past(starts_utc, now)
    if {"place", "web_link"} & changes.keys():
        _refuse_nowhere(changes.get("place", session.place), changes.get("web_link", session.web_link))
    _refuse_small(session, changes.get("capacity"))
    return changes


def _told(session: Session) -> dict[str, Any]:
    names = (*_TIMES, *_PLAIN, "starts_utc", "ends_utc")
    return _shown({name: getattr(session, name) for name in names})


def _shown(values: Mapping[str, Any]) -> dict[str, Any]:
    """For the trail, which nobody is ever taken out of: which texts about people there are, not what they say."""
    personal = sorted(name for name in values.keys() & _ABOUT_PEOPLE if values[name])
    others = {name: value for name, value in values.items() if name not in _ABOUT_PEOPLE}
    return {**others, "personal": personal} if personal else others


def _fill_job(scope: Scope, session: Session, now: datetime) -> FillPlaces:
    return FillPlaces(
        msp_id=scope.msp_id, org_id=scope.org, training_id=session.training_id, session_id=session.session_id,
        revision=int(session.revision) + 1, due_at=to_text(now),
    )  # fmt: skip


def _refuse_past(starts_utc: str, now: datetime) -> None:
    if starts_utc <= to_text(now):
        raise Invalid(FieldError("starts_at", "in_the_past", "A session has to start in the future."))


def _refuse_nowhere(place: str | None, web_link: str | None) -> None:
    if not place and not web_link:
        raise Invalid(FieldError("place", "required", "Give a place, a web link, or both."))


def _refuse_small(session: Session, capacity: int | None) -> None:
    if capacity is not None and session.num_taken > capacity:
        problem = f"{int(session.num_taken)} people already have a place. Move or cancel some of them first."
        raise Conflict("capacity_too_small", problem)


def _started() -> Conflict:
    return Conflict("session_started", "This session has started or is over, so it can't be changed.")
