"""Answering an invitation in a browser: each form of the page is one step, and the last of them accepts.

There are no sessions: what a step has to know of the one before comes along in the form, and proves itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

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


class Identity(Protocol):
    def named(self, user_name: str) -> tuple[str, str] | None: ...


@dataclass(frozen=True)
class PageState:
    """Which page is next, with what it shows. `status` is that of the answer."""

    name: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    retry_after: int | None = None


def step(token: str, form: AnswerForm, source: str, now: datetime) -> PageState:
    """One step of accepting. Raises NotFound for a dead link; what else goes wrong is told on the form."""
    invited = links.load(token, now)
    if invited.expired:
        return PageState("expired", _facts(invited))
    if not invited.is_open:
        return PageState("closed", _facts(invited))
    steps: Mapping[str, Callable[[], PageState]] = {
        "log_in": lambda: _log_in(invited, form, source, now),
        "new_password": lambda: _new_password(invited, form, source, now),
        "register": lambda: _register(invited, form, source, now),
        "confirm": lambda: _confirm(invited, form, source, now),
        "move": lambda: _move(invited, form, now),
    }
    if form.step not in steps:
        return PageState("account", _facts(invited, form))
    try:
        return steps[form.step]()
    except MusterError as error:
        if error.status >= 500:
            raise
        facts = {**_facts(invited, form), "error": _sentence(error)}
        return PageState(_form_of(form, error), facts, error.status, getattr(error, "retry_after", None))


def _log_in(invited: InvitationView, form: AnswerForm, source: str, now: datetime) -> PageState:
    _require(form, "email", "password")
    came = login.log_in(form.email, form.password, source, now)
    return _after_log_in(invited, form, came, now)


def _new_password(invited: InvitationView, form: AnswerForm, source: str, now: datetime) -> PageState:
    _require(form, "email", "password")
    came = login.choose_password(form.email, PasswordDue(form.session), form.password, source, now)
    return _after_log_in(invited, form, came, now)


def _after_log_in(invited: InvitationView, form: AnswerForm, came: LoggedIn | PasswordDue, now: datetime) -> PageState:
    if isinstance(came, PasswordDue):
        return PageState("new_password", {**_facts(invited, form), "session": came.session})
    if came.email is None:
        raise Conflict("no_address", "This account has no confirmed e-mail address, so it cannot be invited by one.")
    account = Account(came.account_id, came.email)
    if normalized(came.email) != normalized(str(invited.member.email)):
        secret = address_change.issue_ticket(invited, account, now)
        return PageState("move", {**_facts(invited, form), "proof": secret, "other_email": came.email})
    return _accepted(invited, account, now, came.first_name, came.last_name)


def _register(invited: InvitationView, form: AnswerForm, source: str, now: datetime) -> PageState:
    _require(form, "password", "first_name", "last_name")
    registration_id = login.register(
        str(invited.member.email), form.password, source, now,
        first_name=one_line(form.first_name), last_name=one_line(form.last_name),
    )  # fmt: skip
    return PageState("confirm", {**_facts(invited, form), "registration_id": registration_id})


def _confirm(invited: InvitationView, form: AnswerForm, source: str, now: datetime) -> PageState:
    _require(form, "registration_id", "code")
    login.confirm(form.registration_id, form.code.strip(), source, now)
    known = identity().named(form.registration_id)
    if known is None or normalized(known[1]) != normalized(str(invited.member.email)):
        raise Conflict("other_registration", "This code belongs to another registration; log in with it instead.")
    return _accepted(invited, Account(*known), now, form.first_name, form.last_name)


def _move(invited: InvitationView, form: AnswerForm, now: datetime) -> PageState:
    return _accepted(invited, address_change.verify_ticket(invited, form.proof, now), now, "", "")


def _accepted(invited: InvitationView, account: Account, now: datetime, first_name: str, last_name: str) -> PageState:
    accept_decline.accept(invited, account, now, one_line(first_name), one_line(last_name))
    return PageState("accepted", {**_facts(invited), "account_email": account.email})


# The form on which a step's trouble is told, where it is not the step's own.
_FORM_BY_STEP = {"log_in": "account", "register": "account", "new_password": "new_password", "confirm": "confirm"}
_BACK_TO_LOG_IN = frozenset(
    {"account_exists", "already_confirmed", "log_in_expired", "proof_expired", "other_registration"}
)


def _form_of(form: AnswerForm, error: MusterError) -> str:
    return "account" if error.code in _BACK_TO_LOG_IN else _FORM_BY_STEP.get(form.step, "account")


def _sentence(error: MusterError) -> str:
    if error.errors:
        return " ".join(one.message for one in error.errors)
    return error.detail


def _require(form: AnswerForm, *names: str) -> None:
    labels = {
        "email": "your e-mail address", "password": "the password", "first_name": "your first name",
        "last_name": "your last name", "code": "the code", "registration_id": "the registration",
    }  # fmt: skip
    missing = [name for name in names if not getattr(form, name).strip()]
    if missing:
        raise Invalid(*(FieldError(name, "required", f"Please enter {labels[name]}.") for name in missing))


def _facts(invited: InvitationView, form: AnswerForm | None = None) -> dict[str, Any]:
    """What every screen may show. Passwords are never shown again."""
    given = form or AnswerForm()
    return {
        "organization": invited.org.name,
        "email": invited.member.email,
        "status": invited.member.status,
        "login_email": given.email or invited.member.email,
        "first_name": given.first_name,
        "last_name": given.last_name,
        "registration_id": given.registration_id,
        "session": given.session,
        "proof": given.proof,
        "step": given.step,
        "error": "",
    }
