"""Answering an invitation in a browser: each form of the page is one step, and the last of them accepts.

There are no sessions: the form carries what a step needs from the step before, in a form that proves itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.aws.accounts import PasswordDue
from chalicelib.aws.identity import identity
from chalicelib.core.errors import Conflict, FieldError, Invalid, MusterError
from chalicelib.core.text import normalized, one_line
from chalicelib.people.accounts import login
from chalicelib.people.accounts.login import LoggedIn
from chalicelib.people.invitations import accept_decline, address_change, links
from chalicelib.people.invitations.accept_decline import Account
from chalicelib.people.invitations.links import InvitationView
from chalicelib.people.invitations.schemas import AnswerForm


@dataclass(frozen=True)
class PageState:
    """The next page, and what it shows. `status` is that of the HTTP answer."""

    name: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    retry_after: int | None = None


def step(token: str, form: AnswerForm, source: str, now: datetime) -> PageState:
    """One step of accepting. Raises NotFound for a dead link; all other errors are shown on the form."""
    view = links.load(token, now)
    if view.expired:
        return PageState("expired", _facts(view))
    if not view.is_open:
        return PageState("closed", _facts(view))
    steps: Mapping[str, Callable[[], PageState]] = {
        "log_in": lambda: _log_in(view, form, source, now),
        "new_password": lambda: _new_password(view, form, source, now),
        "register": lambda: _register(view, form, source, now),
        "confirm": lambda: _confirm(view, form, source, now),
        "move": lambda: _move(view, form, now),
    }
    if form.step not in steps:
        return PageState("account", _facts(view, form))
    try:
        return steps[form.step]()
    except MusterError as error:
        if error.status >= 500:
            raise
        facts = {**_facts(view, form), "error": _sentence(error)}
        return PageState(_form_of(form, error), facts, error.status, getattr(error, "retry_after", None))


def _log_in(view: InvitationView, form: AnswerForm, source: str, now: datetime) -> PageState:
    _require(form, "email", "password")
    result = login.log_in(form.email, form.password, source, now)
    return _after_log_in(view, form, result, now)


def _new_password(view: InvitationView, form: AnswerForm, source: str, now: datetime) -> PageState:
    _require(form, "email", "password")
    result = login.choose_password(form.email, PasswordDue(form.session), form.password, source, now)
    return _after_log_in(view, form, result, now)


def _after_log_in(view: InvitationView, form: AnswerForm, result: LoggedIn | PasswordDue, now: datetime) -> PageState:
    if isinstance(result, PasswordDue):
        return PageState("new_password", {**_facts(view, form), "session": result.session})
    if result.email is None:
        raise Conflict("no_address", "This account has no confirmed e-mail address, so it cannot be invited by one.")
    account = Account(result.account_id, result.email)
    if normalized(result.email) != normalized(str(view.member.email)):
        secret = address_change.issue_ticket(view, account, now)
        return PageState("move", {**_facts(view, form), "proof": secret, "other_email": result.email})
    return _accept(view, account, now, result.first_name, result.last_name)


def _register(view: InvitationView, form: AnswerForm, source: str, now: datetime) -> PageState:
    _require(form, "password", "first_name", "last_name")
    registration_id = login.register(
        str(view.member.email), form.password, source, now,
        first_name=one_line(form.first_name), last_name=one_line(form.last_name),
    )  # fmt: skip
    return PageState("confirm", {**_facts(view, form), "registration_id": registration_id})


def _confirm(view: InvitationView, form: AnswerForm, source: str, now: datetime) -> PageState:
    _require(form, "registration_id", "code")
    login.confirm(form.registration_id, form.code.strip(), source, now)
    registered = identity().named(form.registration_id)
    if registered is None or normalized(registered[1]) != normalized(str(view.member.email)):
        raise Conflict("other_registration", "This code belongs to another registration; log in with it instead.")
    return _accept(view, Account(*registered), now, form.first_name, form.last_name)


def _move(view: InvitationView, form: AnswerForm, now: datetime) -> PageState:
    return _accept(view, address_change.verify_ticket(view, form.proof, now), now, "", "")


def _accept(view: InvitationView, account: Account, now: datetime, first_name: str, last_name: str) -> PageState:
    accept_decline.accept(view, account, now, one_line(first_name), one_line(last_name))
    return PageState("accepted", {**_facts(view), "account_email": account.email})


# The form that shows a step's error; "account" for all other steps.
_FORM_BY_STEP = {"new_password": "new_password", "confirm": "confirm"}
_BACK_TO_LOG_IN = frozenset(
    {"account_exists", "already_confirmed", "log_in_expired", "proof_expired", "other_registration"}
)


def _form_of(form: AnswerForm, error: MusterError) -> str:
    return "account" if error.code in _BACK_TO_LOG_IN else _FORM_BY_STEP.get(form.step, "account")


def _sentence(error: MusterError) -> str:
    if error.errors:
        return " ".join(field_error.message for field_error in error.errors)
    return error.detail


def _require(form: AnswerForm, *names: str) -> None:
    labels = {
        "email": "your e-mail address", "password": "the password", "first_name": "your first name",
        "last_name": "your last name", "code": "the code", "registration_id": "the registration",
    }  # fmt: skip
    missing = [name for name in names if not getattr(form, name).strip()]
    if missing:
        raise Invalid(*(FieldError(name, "required", f"Please enter {labels[name]}.") for name in missing))


def _facts(view: InvitationView, form: AnswerForm | None = None) -> dict[str, Any]:
    """What every page may show. A password never comes back."""
    fields = form or AnswerForm()
    return {
        "organization": view.org.name,
        "email": view.member.email,
        "status": view.member.status,
        "login_email": fields.email or view.member.email,
        "first_name": fields.first_name,
        "last_name": fields.last_name,
        "registration_id": fields.registration_id,
        "session": fields.session,
        "proof": fields.proof,
        "step": fields.step,
        "error": "",
    }
