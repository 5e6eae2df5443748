"""A session: making, changing and cancelling it, and its page."""

from typing import Any

from chalicelib.core.clock import to_text
from chalicelib.core.errors import Conflict, FieldError, Invalid, MusterError
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.live_trainings.common import (
    SESSION,
    TRAINING,
    common,
    flag,
    manager,
    number_or_text,
    session_of,
    sessions_of,
    training_of,
    training_path,
)
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.organizations.lookups import zone_in
from chalicelib.tenants.organizations.schemas import zone_names
from chalicelib.training.sessions import local_times, sessions
from chalicelib.training.sessions.schemas import CancelForm, SessionForm, SessionOut, SessionPatch
from chalicelib.web.idempotency import idempotent

pages = Pages(Permission.TRAINING_READ)

_TEXTS = ("starts_at", "ends_at", "time_zone", "place", "web_link", "instructor", "capacity")


@pages.get(TRAINING + "/sessions/new", needs=Permission.TRAININGS)
def show_new(visit: Visit) -> Shown:
    manager(visit)
    return _form(visit, None, None)


@pages.post(TRAINING + "/sessions/new", needs=Permission.TRAININGS)
def create(visit: Visit) -> GoTo | Shown:
    """Two at once in one place are meant now and then; mostly somebody went back to the form and pressed again."""
    scope, training_id = manager(visit), visit.params["training_id"]

    def create_once(seed: str) -> SessionOut:
        if not flag(visit, "same_time"):
            _refuse_same_time(visit, form, seed)
        return sessions.create(scope, training_id, form, seed, visit.now)

    try:
        form = visit.read(SessionForm, _values(visit))
        made = idempotent(visit.call(), SessionOut, create_once)
    except (Invalid, Conflict) as error:
        return _form(visit, None, error)
    return GoTo(visit.address(training_path(visit, "sessions", made.session_id), done="created"))


@pages.get(SESSION)
def session(visit: Visit) -> Shown:
    return _page(visit)


@pages.get(SESSION + "/edit", needs=Permission.TRAININGS)
def show_edit(visit: Visit) -> Shown:
    manager(visit)
    return _form(visit, session_of(visit), None)


@pages.post(SESSION + "/edit", needs=Permission.TRAININGS)
def change(visit: Visit) -> GoTo | Shown:
    scope = manager(visit)
    found = session_of(visit)
    try:
        patch = visit.read(SessionPatch, {**_values(visit), "notify": flag(visit, "notify")})
        sessions.change(scope, found.training_id, found.session_id, patch, visit.now)
    except (Invalid, Conflict) as error:
        return _form(visit, found, error)
    return GoTo(visit.address(_path(visit), done="saved"))


@pages.get(SESSION + "/cancel", needs=Permission.TRAININGS)
def ask_cancel(visit: Visit) -> Shown:
    manager(visit)
    return _cancel_form(visit, None)


@pages.post(SESSION + "/cancel", needs=Permission.TRAININGS)
def cancel(visit: Visit) -> GoTo | Shown:
    """Cancelling again changes nothing, and tells nobody again."""
    scope = manager(visit)
    try:
        form = visit.read(CancelForm, {"reason": " ".join(visit.form.one("reason").split())})
        sessions.cancel(scope, visit.params["training_id"], visit.params["session_id"], form.reason, visit.now)
    except (Invalid, Conflict) as error:
        return _cancel_form(visit, error)
    return GoTo(visit.address(_path(visit), done="cancelled"))


def _refuse_same_time(visit: Visit, form: SessionForm, seed: str) -> None:
    """Raises Conflict where the training has such a session already. `seed` is the id of the one to be made."""
    starts, ends = (local_times.local_text(at) for at in (form.starts_at, form.ends_at))
    wanted = (starts, ends, form.time_zone, form.place, form.web_link)
    for one in sessions_of(visit, visit.params["training_id"]):
        its = (one.starts_at, one.ends_at, one.time_zone, one.place, one.web_link)
        if its == wanted and one.status == "open" and one.session_id != seed:
            problem = "This training already has a session then and there. If you want another one, confirm that."
            raise Conflict("time_taken", problem, [FieldError("starts_at", "time_taken", problem)])


def _path(visit: Visit) -> str:
    return training_path(visit, "sessions", visit.params["session_id"])


def _values(visit: Visit) -> dict[str, Any]:
    """As the form has them; an empty field is none."""
    given: dict[str, Any] = {name: visit.form.one(name).strip() or None for name in _TEXTS}
    given["capacity"] = number_or_text(visit.form.one("capacity"))
    return {**given, "waiting_list": flag(visit, "waiting_list"), "reminders": flag(visit, "reminders")}


def _form(visit: Visit, found: SessionOut | None, error: MusterError | None) -> Shown:
    names = (*_TEXTS, "waiting_list", "reminders")
    if error:
        given = {**{name: visit.form.one(name) for name in _TEXTS}, **{n: flag(visit, n) for n in names[-2:]}}
    elif found:
        given = {name: getattr(found, name) for name in names}
    else:
        given = {**dict.fromkeys(names, ""), "time_zone": str(zone_in(visit.org_scope.msp_id, visit.org_id))}
    facts = {
        "training": training_of(visit),
        "session": found,
        "given": {name: "" if value is None else value for name, value in given.items()},
        "zones": zone_names(),
        "problem": error,
    }
    return Shown("trainings/session_edit.html", facts, error.status if error else 200)


def _cancel_form(visit: Visit, error: MusterError | None) -> Shown:
    facts = {"training": training_of(visit), "session": session_of(visit), "problem": error}
    return Shown("trainings/session_cancel.html", facts, error.status if error else 200)


def _page(visit: Visit) -> Shown:
    found = session_of(visit)
    facts = {
        "training": training_of(visit),
        "session": found,
        "has_started": found.starts_utc <= to_text(visit.now),
        "done": visit.query.one("done"),
    }
    return Shown("trainings/session.html", {**common(visit), **facts})
