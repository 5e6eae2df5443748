"""Who is in a training: the list, and one person there."""

from typing import Any

from chalicelib.core.clock import to_text
from chalicelib.core.errors import Conflict, Invalid, MusterError
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.live_trainings.common import (
    TRAINING,
    common,
    number_or_text,
    sessions_of,
    to_come,
    training_of,
    training_path,
)
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.states import Permission
from chalicelib.training.sessions import participant_changes, participants
from chalicelib.training.sessions.participant_schemas import ParticipantOut, ParticipantPatch, ParticipantsQuery
from chalicelib.training.sessions.states import SEATED, ParticipantStatus
from chalicelib.web.idempotency import idempotent

pages = Pages(Permission.TRAINING_READ)

_PARTICIPANTS = TRAINING + "/participants"
_PERSON = _PARTICIPANTS + "/{member_id}"
_FILTERS = ("session_id", "status", "sort", "search", "has_place")
_SORTS = ("session", "answer", "name")


@pages.get(_PARTICIPANTS)
def participant_list(visit: Visit) -> Shown:
    given: dict[str, Any] = {name: text for name in _FILTERS if (text := visit.query.one(name)[:200])}
    if given.get("status") not in (None, *ParticipantStatus):
        del given["status"]
    if given.get("sort") not in (None, *_SORTS):
        del given["sort"]
    given["has_place"] = given.get("has_place") == "yes"
    training = training_of(visit)
    sessions = sessions_of(visit, training.training_id)
    query, problem, shown = visit.read(ParticipantsQuery, given), None, None
    try:
        shown = participants.page(visit.org_scope, training.training_id, query, visit.pager(query))
    except Invalid as error:
        # So many people are not sorted this way: it says what to do.
        problem = error
    facts = {
        "training": training,
        "sessions": {one.session_id: one for one in sessions},
        "shown": shown,
        "given": {**{name: given.get(name, "") for name in _FILTERS}, "has_place": "yes" if query.has_place else ""},
        "statuses": list(ParticipantStatus),
        "is_first": not visit.query.one("cursor"),
        "now": to_text(visit.now),
        "problem": problem,
    }
    return Shown("trainings/participants.html", {**common(visit), **facts}, problem.status if problem else 200)


@pages.get(_PERSON)
def participant(visit: Visit) -> Shown:
    return _page(visit, None)


@pages.post(_PERSON + "/move", needs=Permission.TRAININGS)
def move(visit: Visit) -> GoTo | Shown:
    return _change(visit, {"session_id": visit.form.one("session_id")}, "moved")


@pages.post(_PERSON + "/result", needs=Permission.RESULTS)
def enter_result(visit: Visit) -> GoTo | Shown:
    """Attendance that is not chosen stays; an empty score or comment takes it away."""
    given: dict[str, Any] = {
        "score": number_or_text(visit.form.one("score")),
        "comment": visit.form.one("comment").strip() or None,
    }
    if visit.form.one("attendance"):
        given["attendance"] = visit.form.one("attendance")
    return _change(visit, given, "saved")


@pages.get(_PERSON + "/cancel", needs=Permission.TRAININGS)
def ask_cancel(visit: Visit) -> Shown:
    return Shown("trainings/person_cancel.html", _facts(visit))


@pages.post(_PERSON + "/cancel", needs=Permission.TRAININGS)
def cancel(visit: Visit) -> GoTo | Shown:
    scope, training_id, member_id = visit.org_scope, visit.params["training_id"], visit.params["member_id"]
    try:
        idempotent(
            visit.call(), ParticipantOut, lambda _: participant_changes.cancel(scope, training_id, member_id, visit.now)
        )
    except Conflict as error:
        return _page(visit, error)
    return _back(visit, "cancelled")


def _change(visit: Visit, given: dict[str, Any], done: str) -> GoTo | Shown:
    training_id, member_id = visit.params["training_id"], visit.params["member_id"]
    try:
        patch = visit.read(ParticipantPatch, given)
        participant_changes.change(visit.org_scope, training_id, member_id, patch, visit.now)
    except (Invalid, Conflict) as error:
        return _page(visit, error)
    return _back(visit, done)


def _back(visit: Visit, done: str) -> GoTo:
    return GoTo(visit.address(training_path(visit, "participants", visit.params["member_id"]), done=done))


def _facts(visit: Visit) -> dict[str, Any]:
    training_id, member_id = visit.params["training_id"], visit.params["member_id"]
    person, session = participants.read(visit.org_scope, training_id, member_id)
    return {"training": training_of(visit), "person": person, "session": session, "now": to_text(visit.now)}


def _page(visit: Visit, error: MusterError | None) -> Shown:
    facts = _facts(visit)
    person, session = facts["person"], facts["session"]
    others = [
        one for one in to_come(visit, sessions_of(visit, visit.params["training_id"]))
        if one.session_id != session.session_id
    ]  # fmt: skip
    is_over = session.status == "open" and session.starts_utc <= facts["now"]
    facts |= {
        "others": [] if is_over else others,
        "may_result": is_over and person.status in SEATED,
        "typed": {name: visit.form.one(name) for name in ("attendance", "score", "comment")} if error else None,
        "problem": error,
        "done": visit.query.one("done"),
    }
    return Shown("trainings/person.html", {**common(visit), **facts}, error.status if error else 200)
