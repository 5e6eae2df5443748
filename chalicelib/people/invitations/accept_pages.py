"""Answering an invitation in a browser: which page follows which.

Every step is an address of its own, under the link's. Pressing a button there leads on by a redirect, so each page can
be reloaded, gone back to and opened in another window; and what is pressed twice leads to where the first press did.
The link itself shows how the invitation stands: to be answered, accepted, declined, expired.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from chalicelib.aws.accounts import PasswordDue
from chalicelib.aws.identity import identity
from chalicelib.core.errors import Conflict, MusterError
from chalicelib.core.ids import is_ulid
from chalicelib.core.text import normalized, one_line
from chalicelib.people.accounts import login, reset_password
from chalicelib.people.accounts.login import LoggedIn
from chalicelib.people.invitations import accept_decline, links, step_tickets, store
from chalicelib.people.invitations.accept_decline import Account
from chalicelib.people.invitations.answer_forms import require, require_a_name
from chalicelib.people.invitations.page_state import PageState, Visit
from chalicelib.people.invitations.schemas import AnswerForm
from chalicelib.people.invitations.step_tickets import Step
from chalicelib.people.members.states import MemberStatus
from chalicelib.web.html import Redirect

Answer = PageState | Redirect

_STATE = {MemberStatus.ACTIVE.value: "accepted", MemberStatus.DECLINED.value: "declined"}

# After these one has to log in; the account page says so over that form.
_TO_LOG_IN = frozenset({"account_exists", "already_confirmed", "log_in_expired", "proof_expired", "other_registration"})


def invitation(token: str, now: datetime) -> PageState:
    """How the invitation stands. Raises NotFound for a link that does not work."""
    view = links.load(token, now)
    visit = Visit(view, token, AnswerForm(), "", now)
    if view.expired:
        return visit.page("expired")
    return visit.page("invitation" if view.is_open else _STATE.get(str(view.member.status), "closed"))


def show(name: str, token: str, form: AnswerForm, now: datetime) -> Answer:
    """The page of a step, as one comes to it. Leads to the link's own page when there is nothing to answer."""
    visit = _visit(token, form, "", now)
    if visit is None:
        return Redirect(f"/invites/{token}")
    try:
        return _PAGES[name](visit)
    except MusterError as error:
        return _refused(visit, name, error)


def press(name: str, token: str, form: AnswerForm, source: str, now: datetime) -> Answer:
    """What a step's button does. Raises NotFound for a dead link; other errors are shown on the form they belong to."""
    visit = _visit(token, form, source, now)
    if visit is None:
        return Redirect(f"/invites/{token}")
    try:
        action = _BUTTONS.get((name, form.step))
        return action(visit) if action else visit.to(name)
    except MusterError as error:
        return _refused(visit, name, error)


def _visit(token: str, form: AnswerForm, source: str, now: datetime) -> Visit | None:
    view = links.load(token, now)
    return Visit(view, token, form, source, now) if view.is_open and not view.expired else None


# ---------------------------------------------------------------- pages


def _account_page(visit: Visit) -> Answer:
    return visit.page("account", registration_id=store.registering(str(visit.view.member.invite_id)) or "")


def _confirm_page(visit: Visit) -> Answer:
    return visit.page("confirm") if visit.form.registration_id else visit.to("accept")


def _finish_page(visit: Visit) -> Answer:
    step = step_tickets.verify(visit.view, visit.form.ticket, visit.now)
    return visit.page("finish", **_asked(visit, step))


def _password_page(visit: Visit) -> Answer:
    step = step_tickets.verify(visit.view, visit.form.ticket, visit.now)
    return visit.page("new_password", login_email=step.email)


def _forgot_page(visit: Visit) -> Answer:
    return visit.page("forgot")


def _reset_page(visit: Visit) -> Answer:
    step = step_tickets.verify(visit.view, visit.form.ticket, visit.now)
    return visit.page("reset", login_email=step.email)


_PAGES: Mapping[str, Callable[[Visit], Answer]] = {
    "accept": _account_page,
    "confirm": _confirm_page,
    "finish": _finish_page,
    "password": _password_page,
    "forgot": _forgot_page,
    "reset": _reset_page,
}


# ---------------------------------------------------------------- buttons


def _log_in(visit: Visit) -> Answer:
    form = visit.form
    require(form, "email", "password")
    return _after_log_in(visit, form.email, login.log_in(form.email, form.password, visit.source, visit.now))


def _register(visit: Visit) -> Answer:
    form = visit.form
    require(form, "password")
    require_a_name(form)
    email, invite_id = str(visit.view.member.email), str(visit.view.member.invite_id)
    registration_id = login.register(
        email, form.password, visit.source, visit.now, first_name=one_line(form.first_name),
        last_name=one_line(form.last_name), registration_id=form.request if is_ulid(form.request) else None,
        proof=visit.proof, organization=visit.view.org.name,
    )  # fmt: skip
    store.put_registering(invite_id, registration_id, visit.now)
    return visit.to(f"confirm?registration_id={registration_id}")


def _confirm(visit: Visit) -> Answer:
    form = visit.form
    require(form, "registration_id", "code")
    try:
        login.confirm(form.registration_id, "".join(form.code.split()), visit.source, visit.now)
    except Conflict as error:
        # Pressed twice, or what followed was interrupted. Only the mailbox's owner can have confirmed it.
        if error.code != "already_confirmed":
            raise
    person = identity().person(form.registration_id)
    if person is None or normalized(person.email) != normalized(str(visit.view.member.email)):
        raise Conflict("other_registration", "This code is for a different registration. Please log in instead.")
    return _accept(visit, Account(person.account_id, person.email), person.first_name, person.last_name)


def _resend(visit: Visit) -> Answer:
    require(visit.form, "registration_id")
    form = visit.form
    login.resend(form.registration_id, visit.source, visit.now, visit.view.org.name, form=form.request)
    return visit.to(f"confirm?registration_id={visit.form.registration_id}&sent=yes")


def _finish(visit: Visit) -> Answer:
    step = step_tickets.verify(visit.view, visit.form.ticket, visit.now)
    if _asked(visit, step)["needs_name"]:
        require_a_name(visit.form)
    account = Account(str(step.account_id), step.email)
    return _accept(visit, account, step.first_name or visit.form.first_name, step.last_name or visit.form.last_name)


def _new_password(visit: Visit) -> Answer:
    form = visit.form
    require(form, "password")
    step = step_tickets.verify(visit.view, form.ticket, visit.now)
    due = PasswordDue(step.session or "")
    result = login.choose_password(step.email, due, form.password, visit.source, visit.now)
    return _after_log_in(visit, step.email, result)


def _forgot(visit: Visit) -> Answer:
    require(visit.form, "email")
    form = visit.form
    login.forgot(
        form.email, visit.source, visit.now, proof=visit.proof, organization=visit.view.org.name, form=form.request
    )
    ticket = step_tickets.issue(visit.view, Step(email=form.email), visit.now)
    return visit.to(f"reset?ticket={ticket}")


def _reset(visit: Visit) -> Answer:
    form = visit.form
    require(form, "code", "password")
    step = step_tickets.verify(visit.view, form.ticket, visit.now)
    reset_password.reset(step.email, "".join(form.code.split()), form.password, visit.source, visit.now)
    return _after_log_in(visit, step.email, login.log_in(step.email, form.password, visit.source, visit.now))


_BUTTONS: Mapping[tuple[str, str], Callable[[Visit], Answer]] = {
    ("accept", "log_in"): _log_in,
    ("accept", "register"): _register,
    ("confirm", "confirm"): _confirm,
    ("confirm", "resend"): _resend,
    ("finish", "finish"): _finish,
    ("password", "new_password"): _new_password,
    ("forgot", "forgot"): _forgot,
    ("reset", "reset"): _reset,
}


# ---------------------------------------------------------------- what they share


def _after_log_in(visit: Visit, entered: str, result: LoggedIn | PasswordDue) -> Answer:
    if isinstance(result, PasswordDue):
        step = Step(entered, session=result.session)
        return visit.to(f"password?ticket={step_tickets.issue(visit.view, step, visit.now)}")
    if result.email is None:
        raise Conflict("no_address", "This account has no confirmed email address, so it can't accept an invitation.")
    step = Step(result.email, result.account_id, result.first_name, result.last_name)
    asked = _asked(visit, step)
    if asked["other_email"] or asked["needs_name"]:
        return visit.to(f"finish?ticket={step_tickets.issue(visit.view, step, visit.now)}")
    return _accept(visit, Account(result.account_id, result.email), result.first_name, result.last_name)


def _asked(visit: Visit, step: Step) -> dict[str, Any]:
    """What is asked before accepting: whether the invitation moves, and the name of somebody who has none yet."""
    member = visit.view.member
    is_other = normalized(step.email) != normalized(str(member.email))
    has_name = step.first_name or step.last_name or member.first_name or member.last_name
    return {"other_email": step.email if is_other else "", "needs_name": not has_name}


def _accept(visit: Visit, account: Account, first_name: str | None, last_name: str | None) -> Answer:
    accept_decline.accept(visit.view, account, visit.now, one_line(first_name or ""), one_line(last_name or ""))
    return visit.to()


def _refused(visit: Visit, name: str, error: MusterError) -> PageState:
    """The form again, with the error on it and with what was entered, but for passwords."""
    if error.status >= 500:
        raise error
    retry_after = getattr(error, "retry_after", None)
    sentences = [one.message for one in error.errors] or [error.detail]
    if name == "accept" or error.code in _TO_LOG_IN:
        on = "register" if name == "accept" and visit.form.step == "register" else "log_in"
        facts: dict[str, Any] = {"errors": {on: sentences}, "registration_id": ""}
        return visit.page("account", error.status, retry_after, **facts)
    facts = {"errors": {name: sentences}}
    if visit.form.ticket and name in ("finish", "reset", "password"):
        step = step_tickets.verify(visit.view, visit.form.ticket, visit.now)
        facts |= {"login_email": step.email, **_asked(visit, step)}
    return visit.page("new_password" if name == "password" else name, error.status, retry_after, **facts)
