"""HTTP: people and their own accounts. Public, limited, and answered alike whether or not there is an account."""

from chalicelib.aws.accounts import PasswordDue
from chalicelib.people.accounts import login, reset_password
from chalicelib.people.accounts.login import LoggedIn
from chalicelib.people.accounts.schemas import (
    Accepted,
    Confirm,
    Forgot,
    LogIn,
    LogInOut,
    Refresh,
    Register,
    Registered,
    Resend,
    Reset,
    TokensOut,
)
from chalicelib.web.routing import Call, Empty, Routes

routes = Routes("Accounts", __name__)


@routes.add(
    "POST", "/auth/register", summary="Register an account", answer=Registered, body=Register, status=202, public=True
)
def register(call: Call[Register, Empty]) -> Registered:
    """A code is mailed to the address; whoever has it confirms with `registration_id`."""
    form = call.body
    registration_id = login.register(
        form.email, form.password, call.source, call.now, first_name=form.first_name, last_name=form.last_name
    )
    return Registered(registration_id=registration_id)


@routes.add(
    "POST", "/auth/confirm", summary="Confirm a registration", answer=None, body=Confirm, status=204, public=True
)
def confirm(call: Call[Confirm, Empty]) -> None:
    """422 `wrong_code`; 409 `account_exists` when the address has an account, `already_confirmed` when this is it."""
    login.confirm(call.body.registration_id, call.body.code, call.source, call.now)


@routes.add(
    "POST", "/auth/resend", summary="Mail the code of a registration again", answer=Accepted, body=Resend, status=202,
    public=True,
)  # fmt: skip
def resend(call: Call[Resend, Empty]) -> Accepted:
    login.resend(call.body.registration_id, call.source, call.now)
    return Accepted()


@routes.add("POST", "/auth/login", summary="Log in", answer=LogInOut, body=LogIn, public=True)
def log_in(call: Call[LogIn, Empty]) -> LogInOut:
    """401 `wrong_credentials`, whatever is wrong. A first password brings `challenge` and `session`, and no tokens."""
    form = call.body
    if form.session is not None and form.new_password is not None:
        due = PasswordDue(form.session)
        return _out(login.choose_password(form.login, due, form.new_password, call.source, call.now))
    return _out(login.log_in(form.login, form.password or "", call.source, call.now))


@routes.add("POST", "/auth/refresh", summary="Get new tokens", answer=TokensOut, body=Refresh, public=True)
def refresh(call: Call[Refresh, Empty]) -> TokensOut:
    """401 `log_in_expired`: log in again."""
    return TokensOut(**vars(login.refresh(call.body.refresh_token, call.source, call.now)))


@routes.add(
    "POST", "/auth/forgot", summary="Have a code mailed to set another password", answer=Accepted, body=Forgot,
    status=202, public=True,
)  # fmt: skip
def forgot(call: Call[Forgot, Empty]) -> Accepted:
    login.forgot(call.body.email, call.source, call.now)
    return Accepted()


@routes.add(
    "POST", "/auth/reset", summary="Set another password by a mailed code", answer=None, body=Reset, status=204,
    public=True,
)  # fmt: skip
def reset(call: Call[Reset, Empty]) -> None:
    """422 `wrong_code`, or the rules that the password breaks."""
    form = call.body
    reset_password.reset(form.email, form.code, form.new_password, call.source, call.now)


def _out(result: LoggedIn | PasswordDue) -> LogInOut:
    if isinstance(result, PasswordDue):
        return LogInOut(challenge="new_password_required", session=result.session)
    return LogInOut(**vars(result.tokens))
