"""Registering an account, and confirming its address by the mailed code."""

from chalicelib.core.errors import Conflict, Invalid, MusterError, TooMany
from chalicelib.people.accounts import login
from chalicelib.people.accounts.schemas import Confirm, Register
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.site_map import EVERYBODY, Pages
from chalicelib.portal.visit import Visit

pages = Pages(EVERYBODY)

_FIELDS = ("email", "first_name", "last_name")


@pages.get("/register")
def show_register(visit: Visit) -> Shown:
    return _form(visit, None)


@pages.post("/register")
def register(visit: Visit) -> GoTo | Shown:
    try:
        given = {name: visit.form.one(name).strip() for name in _FIELDS}
        form = visit.read(Register, {**given, "password": visit.form.one("password")})
        registration_id = login.register(
            form.email, form.password, visit.source, visit.now, first_name=form.first_name, last_name=form.last_name,
            registration_id=visit.begun_id(form.email),
        )  # fmt: skip
    except (Invalid, TooMany) as error:
        return _form(visit, error)
    return GoTo(f"/register/confirm?registration_id={registration_id}")


@pages.get("/register/confirm")
def show_confirm(visit: Visit) -> Shown:
    return _confirm_form(visit.query.one("registration_id"), None, is_again=visit.query.one("again") == "yes")


@pages.post("/register/confirm")
def confirm(visit: Visit) -> GoTo | Shown:
    registration_id = visit.form.one("registration_id")
    try:
        code = "".join(visit.form.one("code").split())
        form = visit.read(Confirm, {"registration_id": registration_id, "code": code})
        login.confirm(form.registration_id, form.code, visit.source, visit.now)
    except Conflict as error:
        if error.code != "already_confirmed":
            return _confirm_form(registration_id, error)
    except (Invalid, TooMany) as error:
        return _confirm_form(registration_id, error)
    return GoTo("/login?why=confirmed")


@pages.post("/register/resend")
def resend(visit: Visit) -> GoTo | Shown:
    registration_id = visit.form.one("registration_id")
    try:
        login.resend(registration_id, visit.source, visit.now, form=visit.form_id)
    except TooMany as error:
        return _confirm_form(registration_id, error)
    return GoTo(f"/register/confirm?registration_id={registration_id}&again=yes")


def _form(visit: Visit, error: MusterError | None) -> Shown:
    facts = {name: visit.form.one(name) for name in _FIELDS}
    return Shown("doors/register.html", {**facts, "problem": error}, error.status if error else 200)


def _confirm_form(registration_id: str, error: MusterError | None, *, is_again: bool = False) -> Shown:
    facts = {"registration_id": registration_id, "problem": error, "is_again": is_again}
    return Shown("doors/confirm.html", facts, error.status if error else 200)
