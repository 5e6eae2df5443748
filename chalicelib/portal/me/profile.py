"""A learner's own data: their address, password and devices."""

from chalicelib.core.errors import Conflict, Forbidden, Invalid, MusterError, TooMany, Unauthorized
from chalicelib.people.accounts import email_change, login
from chalicelib.people.accounts.email_change import Asker
from chalicelib.people.accounts.email_change_schemas import ChangeEmail, ConfirmEmail, EmailAsked
from chalicelib.portal.answer import SESSION_COOKIE, GoTo, Shown, cookie
from chalicelib.portal.site_map import ACCOUNT, Pages
from chalicelib.portal.visit import Visit
from chalicelib.web.idempotency import idempotent
from chalicelib.web.sessions import service as sessions
from chalicelib.web.sessions.models import BrowserSession
from chalicelib.web.sessions.service import Known

pages = Pages(ACCOUNT)


@pages.get("/me/profile")
def profile(visit: Visit) -> Shown:
    kept = visit.query.one("kept")
    facts = {
        "session": _session(visit),
        "memberships": visit.me.memberships,
        "done": visit.query.one("done"),
        "num_kept": int(kept) if kept.isdecimal() and len(kept) < 4 else 0,
    }
    return Shown("me/profile.html", facts)


@pages.post("/me/password")
def change_password(visit: Visit) -> GoTo:
    """By a code to the address: whoever sits at an open session does not get the account with it."""
    email = _session(visit).email
    if not email:
        raise Conflict("no_address", "Your account has no email address. Ask your admin for a new first password.")
    login.forgot(email, visit.source, visit.now, proof=visit.account_id, form=visit.form_id)
    return GoTo(visit.address("/reset", email=email))


@pages.get("/me/email")
def show_email(visit: Visit) -> Shown:
    return _form(visit, None)


@pages.post("/me/email")
def ask_email(visit: Visit) -> GoTo | Shown:
    """A code goes to the new address. The password is asked for unless the log-in is a few minutes old."""
    session = _session(visit)
    try:
        values = {"email": visit.form.one("email").strip(), "password": visit.form.one("password") or None}
        form = visit.read(ChangeEmail, values)

        def action(seed: str) -> EmailAsked:
            asker = Asker(visit.account_id, session.email, sessions.instant_of(session.created))
            email_change.ask(asker, form.email, form.password, visit.source, seed, visit.now)
            return EmailAsked(email=form.email)

        idempotent(visit.call(), EmailAsked, action)
    except (Invalid, Forbidden, Unauthorized, TooMany) as error:
        return _form(visit, error)
    return GoTo("/me/email/confirm")


@pages.get("/me/email/confirm")
def show_confirm(visit: Visit) -> Shown:
    return Shown("me/email_confirm.html", {"problem": None})


@pages.post("/me/email/confirm")
def confirm_email(visit: Visit) -> GoTo | Shown:
    """The session goes on under the new address."""
    session = _session(visit)
    try:
        form = visit.read(ConfirmEmail, {"code": "".join(visit.form.one("code").split())})
        changed = email_change.confirm(visit.account_id, session.email, form.code, visit.source, visit.now)
    except (Invalid, Conflict, TooMany) as error:
        return Shown("me/email_confirm.html", {"problem": error}, error.status)
    sessions.end(visit.account_id, session.session_id)
    known = Known(visit.account_id, changed.email, session.first_name, session.last_name)
    made = sessions.begin(known, session.device, kept=session.kept, now=visit.now)
    max_age = int(sessions.KEPT_ENDS_AFTER.total_seconds()) if session.kept else None
    num_kept = len(changed.kept_in) or None
    path = visit.address("/me/profile", done="email", kept=num_kept)
    return GoTo(path, (cookie(SESSION_COOKIE, made, max_age),))


def _form(visit: Visit, error: MusterError | None) -> Shown:
    facts = {"session": _session(visit), "email": visit.form.one("email"), "problem": error}
    return Shown("me/email.html", facts, error.status if error else 200)


def _session(visit: Visit) -> BrowserSession:
    if visit.session is None:
        raise Unauthorized("logged_out", "Please log in.")
    return visit.session
