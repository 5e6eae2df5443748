"""A forgotten password: a mailed code, and another password by it."""

from urllib.parse import urlencode

from chalicelib.core.errors import Invalid, MusterError, TooMany
from chalicelib.people.accounts import login, reset_password
from chalicelib.people.accounts.schemas import Forgot, Reset
from chalicelib.portal.answer import GoTo, Shown, ended_session
from chalicelib.portal.site_map import EVERYBODY, Pages
from chalicelib.portal.visit import Visit

pages = Pages(EVERYBODY)


@pages.get("/forgot")
def show_forgot(visit: Visit) -> Shown:
    return _forgot_form("", None)


@pages.post("/forgot")
def forgot(visit: Visit) -> GoTo | Shown:
    """The same answer whether or not there is such an account."""
    email = visit.form.one("email").strip()
    try:
        form = visit.read(Forgot, {"email": email})
        login.forgot(form.email, visit.source, visit.now, form=visit.form_id)
    except (Invalid, TooMany) as error:
        return _forgot_form(email, error)
    return GoTo(f"/reset?{urlencode({'email': email})}")


@pages.get("/reset")
def show_reset(visit: Visit) -> Shown:
    return _reset_form(visit.query.one("email"), None)


@pages.post("/reset")
def reset(visit: Visit) -> GoTo | Shown:
    email = visit.form.one("email").strip()
    try:
        values = {"email": email, "code": visit.form.one("code"), "new_password": visit.form.one("new_password")}
        form = visit.read(Reset, values)
        reset_password.reset(form.email, "".join(form.code.split()), form.new_password, visit.source, visit.now)
    except (Invalid, TooMany) as error:
        return _reset_form(email, error)
    return GoTo("/login?why=password", (ended_session(visit.cookies),))


def _forgot_form(email: str, error: MusterError | None) -> Shown:
    return Shown("doors/forgot.html", {"email": email, "problem": error}, error.status if error else 200)


def _reset_form(email: str, error: MusterError | None) -> Shown:
    return Shown("doors/reset.html", {"email": email, "problem": error}, error.status if error else 200)
