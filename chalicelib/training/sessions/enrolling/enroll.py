"""Enrolling people in trainings: the request is saved, chunks of people follow in the background; their results."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from chalicelib.aws.scheduler import scheduler
from chalicelib.core import observability
from chalicelib.core.clock import to_instant, to_text
from chalicelib.core.errors import ConditionFailed, FieldError, Invalid
from chalicelib.jobs import due, queue
from chalicelib.people.search import kept_filters
from chalicelib.people.search.schemas import Filter
from chalicelib.people.search.search import Search, criteria_of
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.organizations.lookups import open_org_of
from chalicelib.training.sessions import store, tell
from chalicelib.training.sessions.enrolling import enroll_store, overlaps
from chalicelib.training.sessions.enrolling.enroll_schemas import (
    MAX_PEOPLE,
    EnrollForm,
    EnrollStarted,
)
from chalicelib.training.sessions.explanations import explain
from chalicelib.training.sessions.messages import EnrollPeopleChunk, EnrollPeopleJob, ShowEnrolled
from chalicelib.training.sessions.models import Enroll, Session, enroll_sk, enrolls_pk
from chalicelib.training.sessions.states import Code

# As `EnrollResult` keeps it; once read, with the overlapping sessions themselves.
ResultRow = Sequence[Any]

_LATEST = timedelta(days=366)

# Chunks whose people one message tells of one training: some 500 mails. Of several trainings, fewer chunks.
_TOLD_AT_ONCE = 20


def enroll(scope: Scope, form: EnrollForm, seed: str, now: datetime) -> EnrollStarted:
    """Save the request and queue its jobs. The same request again, by its `seed`, does nothing twice.

    Raises Invalid that names each wrong training, session and the moment, and Conflict for a client that was closed.
    """
    stored = enroll_store.enroll(scope.org, seed)
    if stored is None:
        open_org_of(scope.msp_id, scope.org)
        stored = _save(scope, form, seed, now)
    queue.send_soon(*_jobs(stored))
    pairs = [(training_id, session_id) for training_id, session_id in stored.sessions]
    sessions = store.sessions_by_id(scope.org, pairs)
    chosen = [sessions[session_id] for _, session_id in pairs if session_id in sessions]
    trainings = store.trainings_by_id(scope.org, [session.training_id for session in chosen])
    return EnrollStarted(
        enroll_id=seed, visible_from=stored.visible_from, num_people=enroll_store.num_people(stored),
        warnings=overlaps.among(chosen, trainings),
    )  # fmt: skip


def _save(scope: Scope, form: EnrollForm, seed: str, now: datetime) -> Enroll:
    visible_from = _moment(form.visible_from, now)
    filter_ = _filter(scope, form)
    _refuse_wrong_sessions(scope.org, form, now)
    stored = Enroll(
        enrolls_pk(scope.org), enroll_sk(seed), enroll_id=seed, msp_id=scope.msp_id, org_id=scope.org,
        sessions=[[item.training_id, item.session_id] for item in form.items], visible_from=visible_from,
        num_people=len(form.member_ids) if filter_ is None else None, filter=filter_,
        created_by=scope.account_id, created_at=to_text(now),
        department_ids=sorted(scope.department_ids) if scope.department_ids is not None else None,
    )  # fmt: skip
    entry = AuditEntry(
        scope.account_id, "trainings.enrolled", f"enroll/{seed}",
        after={"sessions": stored.sessions, "num_people": stored.num_people, "visible_from": visible_from},
    )  # fmt: skip
    writes = enroll_store.create_writes(stored, form.member_ids)
    try:
        audit.commit(scope.tenant_pk, entry, [*writes, *(due.write(job, sent_at=now) for job in _jobs(stored))], now)
    except ConditionFailed:
        # The same request, at the same moment.
        return enroll_store.enroll(scope.org, seed) or stored
    return stored


def _jobs(stored: Enroll) -> list[EnrollPeopleJob | ShowEnrolled]:
    ids = {"msp_id": stored.msp_id, "org_id": stored.org_id, "enroll_id": stored.enroll_id}
    enroll_people = EnrollPeopleJob(**ids, due_at=stored.created_at)
    if stored.visible_from <= stored.created_at:
        # Each chunk tells at its end.
        return [enroll_people]
    return [enroll_people, ShowEnrolled(**ids, due_at=stored.visible_from)]


def _filter(scope: Scope, form: EnrollForm) -> dict[str, Any] | None:
    """What to choose people by; None for people who are named. Raises Invalid."""
    if form.filter is None:
        if not form.member_ids:
            raise Invalid(FieldError("member_ids", "required", "Choose people, or give a filter."))
        return None
    if form.member_ids:
        raise Invalid(FieldError("filter", "one_of_both", "Give member_ids or a filter, not both."))
    found = kept_filters.resolved(scope, form.filter, "filter.filter_id")
    return found.model_dump(mode="json", exclude_defaults=True)


def _moment(visible_from: datetime | None, now: datetime) -> str:
    """A moment that has just passed means now."""
    if visible_from is not None and visible_from > now + _LATEST:
        raise Invalid(FieldError("visible_from", "too_late", "Choose a moment within the next year."))
    return to_text(max(visible_from or now, now))


def _refuse_wrong_sessions(org_id: str, form: EnrollForm, now: datetime) -> None:
    trainings = store.trainings_by_id(org_id, [item.training_id for item in form.items])
    sessions = store.sessions_by_id(org_id, [(item.training_id, item.session_id) for item in form.items])
    errors, seen = [], set()
    for index, item in enumerate(form.items):
        training, session = trainings.get(item.training_id), sessions.get(item.session_id)
        if item.training_id in seen:
            problem = "Choose each training once. A person can be in one session of it."
            errors.append(FieldError(f"items.{index}.training_id", "repeated", problem))
        elif training is None:
            errors.append(FieldError(f"items.{index}.training_id", "unknown_training", "There is no such training."))
        elif training.archived_at:
            errors.append(FieldError(f"items.{index}.training_id", "archived", "This training is archived."))
        elif session is None or session.training_id != item.training_id:
            errors.append(FieldError(f"items.{index}.session_id", "unknown_session", "There is no such session."))
        elif (code := closed_code(session, now)) is not None:
            errors.append(FieldError(f"items.{index}.session_id", code, explain(code).text))
        seen.add(item.training_id)
    if errors:
        raise Invalid(*errors)


def closed_code(session: Session | None, now: datetime) -> Code | None:
    """Why nobody can be enrolled there any more."""
    if session is None or not session.is_open:
        return Code.SESSION_CANCELLED
    return Code.SESSION_STARTED if session.starts_utc <= to_text(now) else None


# ---------------------------------------------------------------- jobs


def start(job: EnrollPeopleJob, now: datetime) -> None:
    """Send the chunks that have no result yet. The sweeper sends this job again until all have one."""
    stored = enroll_store.enroll(job.org_id, job.enroll_id)
    if stored is not None and stored.num_people is None:
        stored = _with_people(stored)
    if stored is None:
        observability.warning("enrollment in trainings does not exist", enroll_id=job.enroll_id)
        return
    done = enroll_store.chunks_done(stored)
    missing = [chunk for chunk in range(enroll_store.num_chunks(stored)) if chunk not in done]
    if not missing:
        due.close(job)
        return
    ids = {"msp_id": job.msp_id, "org_id": job.org_id, "enroll_id": job.enroll_id}
    queue.send(EnrollPeopleChunk(**ids, chunk=chunk) for chunk in missing)


def _with_people(stored: Enroll) -> Enroll | None:
    """Fix who matches the filter now: chunks are counted off from these, however often their messages come."""
    chosen = Filter.model_validate(stored.filter or {})
    search = Search(stored.org_id, criteria_of(stored.org_id, chosen, stored.department_ids, only_active=True))
    member_ids = list(islice(search.member_ids(), MAX_PEOPLE + 1))
    is_too_many = len(member_ids) > MAX_PEOPLE
    with suppress(ConditionFailed):
        # Else another delivery was faster: its choice counts.
        enroll_store.fix_people(
            stored, [] if is_too_many else member_ids, Code.TOO_MANY_PEOPLE.value if is_too_many else None
        )
    return enroll_store.enroll(stored.org_id, stored.enroll_id)


def show(job: ShowEnrolled, now: datetime) -> None:
    """Tell the people of all chunks, some with each message. Too early, it makes the schedule."""
    if now < to_instant(str(job.due_at)):
        scheduler().create_once(f"show-{job.enroll_id}", to_instant(str(job.due_at)), job.body())
        return
    if not due.is_current(job):
        return
    stored = enroll_store.enroll(job.org_id, job.enroll_id)
    if stored is None:
        observability.warning("enrollment in trainings does not exist", enroll_id=job.enroll_id)
        return
    if stored.num_people is None:
        # The sweeper sends this job again; by then the people are known.
        return
    first = int(job.position or 0)
    num_chunks = max(1, _TOLD_AT_ONCE // len(stored.sessions))
    last = min(first + num_chunks, enroll_store.num_chunks(stored))
    found = enroll_store.results(stored, range(first, last))
    tell_results(stored, [row for result in found for row in result.results], now)
    if len(found) < last - first:
        # A chunk tells at its end. This one may have begun before the moment: the sweeper sends this job again.
        return
    if last < enroll_store.num_chunks(stored):
        following = due.advance(job, str(last), now)
        queue.send([following] if following else [])
        return
    due.close(job)


def tell_results(stored: Enroll, results: Iterable[ResultRow], now: datetime) -> None:
    """Tell those whom the request gave a place or a place in line, if they may know by now."""
    members_by_session: dict[tuple[str, str], list[str]] = {}
    for member_id, index, code, session_id, _ in results:
        if code in (Code.INVITED, Code.WAITING):
            training_id = stored.sessions[index][0]
            members_by_session.setdefault((training_id, str(session_id)), []).append(str(member_id))
    tell.tell(stored.msp_id, stored.org_id, members_by_session, now)
