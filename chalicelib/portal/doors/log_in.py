"""Logging in by a form, the first password that has to be replaced, and logging out."""

import re

from chalicelib.aws.accounts import PasswordDue
from chalicelib.core.errors import FieldError, Invalid, MusterError, TooMany, Unauthorized
from chalicelib.people.accounts import login
from chalicelib.people.accounts.login import LoggedIn
from chalicelib.portal.answer import SESSION_COOKIE, GoTo, Shown, cookie, ended_session
from chalicelib.portal.site_map import EVERYBODY, Pages
from chalicelib.portal.visit import Visit
from chalicelib.web.sessions import service as sessions
from chalicelib.web.sessions.service import Known

pages = Pages(EVERYBODY)

# A path of ours and nothing else: it is put behind our own address, and `//` would begin another host's.
_OWN_PATH = re.compile(r"/(?!/)[0-9A-Za-z_.~/?=&%:+,-]{0,1500}")
_REQUIRED = (("login", "Enter your email address or login name."), ("password", "Enter your password."))
_REASONS = frozenset({"kept", "lost", "out", "everywhere", "password", "confirmed"})


@pages.get("/login")
def show_log_in(visit: Visit) -> GoTo | Shown:
    if visit.session is not None:
        return GoTo(own_path(visit.query.one("next")))
    return _form(visit, visit.query.one("login"), [])


@pages.post("/login")
def log_in(visit: Visit) -> GoTo | Shown:
    name = visit.form.one("login").strip()
    missing = [FieldError(field, "required", text) for field, text in _REQUIRED if not visit.form.one(field).strip()]
    if missing:
        return _form(visit, name, missing)
    try:
        done = login.log_in(name[:254], visit.form.one("password")[:1000], visit.source, visit.now)
    except (Unauthorized, TooMany) as error:
        return _form(visit, name, [FieldError("login", error.code, error.detail)], error)
    return _answered(visit, name, done)


@pages.post("/first-password")
def first_password(visit: Visit) -> GoTo | Shown:
    """The challenge of the log-in comes along in the form; it is good for some minutes, and for this account."""
    name, due = visit.form.one("login"), PasswordDue(visit.form.one("session"))
    try:
        done = login.choose_password(name, due, visit.form.one("new_password")[:1000], visit.source, visit.now)
    except Invalid as error:
        return _due_form(visit, name, due, error)
    except Unauthorized:
        return GoTo("/login?why=lost")
    return _answered(visit, name, done)


@pages.post("/logout")
def log_out(visit: Visit) -> GoTo:
    if visit.session is not None:
        sessions.end(visit.account_id, visit.session.session_id)
    return GoTo("/login?why=out", (ended_session(visit.cookies),))


def own_path(text: str) -> str:
    """Where to go on, if it is a page of ours; else home."""
    return text if _OWN_PATH.fullmatch(text) else "/"


def _answered(visit: Visit, name: str, done: LoggedIn | PasswordDue) -> GoTo | Shown:
    if isinstance(done, PasswordDue):
        return _due_form(visit, name, done, None)
    kept = visit.form.one("keep") == "yes"
    who = Known(done.account_id, done.email, done.first_name, done.last_name)
    # A new secret each time: what a browser brought along opens nothing. The session that it had is over.
    if visit.session is not None:
        sessions.end(visit.account_id, visit.session.session_id)
    value = sessions.begin(who, visit.device, kept=kept, now=visit.now, form_id=visit.form_id)
    age = int(sessions.KEPT_ENDS_AFTER.total_seconds()) if kept else None
    return GoTo(own_path(visit.form.one("next")), (cookie(SESSION_COOKIE, value, age),))


def _form(visit: Visit, name: str, errors: list[FieldError], error: MusterError | None = None) -> Shown:
    source = visit.form if visit.method == "POST" else visit.query
    why = visit.query.one("why")
    facts = {"given": name, "errors": errors, "next": source.one("next"), "why": why if why in _REASONS else ""}
    return Shown("doors/log_in.html", facts, error.status if error else 422 if errors else 200)


def _due_form(visit: Visit, name: str, due: PasswordDue, error: MusterError | None) -> Shown:
    facts = {
        "given": name, "session": due.session, "next": visit.form.one("next"), "keep": visit.form.one("keep"),
        "errors": list(error.errors) if error else [],
    }  # fmt: skip
    return Shown("doors/first_password.html", facts, error.status if error else 200)
