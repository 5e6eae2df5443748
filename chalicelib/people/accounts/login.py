"""People and their own accounts: register, confirm, log in, refresh, forget a password (reset_password.py).

Nothing tells which accounts exist: answers, and the AWS calls behind them, are the same with and without an account.
What fails is counted (tries.py).
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from chalicelib.aws.accounts import PasswordDue, Refused, Tokens, accounts
from chalicelib.core.addresses import understood
from chalicelib.core.errors import Conflict, FieldError, Invalid, Unauthorized, Unavailable
from chalicelib.core.ids import new_id
from chalicelib.core.text import normalized
from chalicelib.people.accounts.passwords import refuse_weak, refused_by_cognito
from chalicelib.people.accounts.tries import count_mail, counted, first_press

WEAK = frozenset({"InvalidPasswordException", "PasswordHistoryPolicyViolationException"})

# The account exists all the same: the answer to our first try was lost, or its mail did not go out.
_REGISTERED = frozenset({"UsernameExistsException", "CodeDeliveryFailureException"})


@dataclass(frozen=True)
class LoggedIn:
    """`email` is the account's address, None unless Cognito has verified it. Names are those of the registration."""

    account_id: str
    email: str | None
    first_name: str
    last_name: str
    tokens: Tokens


def register(
    email: str,
    password: str,
    source: str,
    now: datetime,
    *,
    first_name: str = "",
    last_name: str = "",
    registration_id: str | None = None,
    proof: str | None = None,
    organization: str = "",
) -> str:
    """Mails a code to the address, and returns the registration's id, which is the account's user name.

    One can log in by the address only once its owner has confirmed this registration, so that registering
    somebody else's address gains nothing. `registration_id` is that of a form: sent twice, it registers and mails once.
    `proof` names what the caller has proven to hold, for the count of mails; `organization` who the mail is to name.
    Raises Invalid for a password that breaks a rule, and for an address that Cognito does not take.
    """
    address = understood(email)
    refuse_weak(password, "password")
    count_mail(address, source, now, proof=proof)
    user_name = registration_id or new_id(now)
    attributes = {"email": address, "given_name": first_name, "family_name": last_name}
    try:
        accounts().sign_up(user_name, password, {k: v for k, v in attributes.items() if v}, organization)
    except Refused as no:
        if no.code in WEAK:
            raise refused_by_cognito("password") from None
        if no.code == "InvalidParameterException":
            raise Invalid(FieldError("email", "invalid_email", "This email address can't be used.")) from None
        if no.code not in _REGISTERED:
            raise Unavailable() from no
        if registration_id and no.code == "UsernameExistsException" and not is_password_of(user_name, password):
            # Somebody went back to the form and chose another password: a registration of its own.
            names = {"first_name": first_name, "last_name": last_name}
            return register(email, password, source, now, **names, proof=proof, organization=organization)
    return user_name


def is_password_of(user_name: str, password: str) -> bool:
    """Also before the registration is confirmed: Cognito looks at the password first."""
    try:
        accounts().log_in(user_name, password)
    except Refused as no:
        return no.code == "UserNotConfirmedException"
    return True


def confirm(registration_id: str, code: str, source: str, now: datetime) -> None:
    """Raises Invalid `wrong_code`, and Conflict: `account_exists`, or `already_confirmed`.

    Only the mailbox's owner learns the first of these, because it takes the code. The second takes no code, and
    proves nothing.
    """
    with counted(registration_id, source, now):
        try:
            accounts().confirm_sign_up(registration_id, code)
        except Refused as no:
            if no.code == "AliasExistsException":
                raise account_exists() from None
            if no.code == "NotAuthorizedException" and no.message.endswith("CONFIRMED"):
                raise Conflict("already_confirmed", "Your email address is already confirmed. Please log in.") from None
            raise wrong_code() from None


def resend(
    registration_id: str, source: str, now: datetime, organization: str = "", *, form: str | None = None
) -> None:
    """Mail another code, if the registration exists and is not confirmed. The same `form` twice mails once."""
    with first_press(form, registration_id, now) as is_first:
        if not is_first:
            return
        count_mail(registration_id, source, now, proof=registration_id)
        with suppress(Refused):
            accounts().mail_code_again(registration_id, organization)


def _name_of(login: str) -> str:
    """By which Cognito knows the account: an address is understood as through every other door."""
    return understood(login) if "@" in login else normalized(login)


def log_in(login: str, password: str, source: str, now: datetime) -> LoggedIn | PasswordDue:
    """By e-mail address or login name. Raises Unauthorized `wrong_credentials`, whatever is wrong.

    PasswordDue: the password was chosen by somebody else, and `choose_password` has to replace it.
    """
    name = _name_of(login)
    with counted(name, source, now):
        try:
            return _logged_in(accounts().log_in(name, password))
        except Refused:
            raise Unauthorized("wrong_credentials", "Wrong email address or password. Forgot it?") from None


def choose_password(
    login: str, due: PasswordDue, new_password: str, source: str, now: datetime
) -> LoggedIn | PasswordDue:
    """Sent twice, the second logs in by the password that the first has set.

    Raises Unauthorized `log_in_expired`, and Invalid for a password that breaks a rule.
    """
    refuse_weak(new_password, "new_password")
    name = _name_of(login)
    with counted(name, source, now):
        try:
            return _logged_in(accounts().answer_with_password(due, new_password))
        except Refused as no:
            if no.code in WEAK:
                raise refused_by_cognito("new_password") from None
        try:
            return _logged_in(accounts().log_in(name, new_password))
        except Refused:
            raise _log_in_expired() from None


def refresh(refresh_token: str, source: str, now: datetime) -> Tokens:
    """Raises Unauthorized `log_in_expired`."""
    with counted(refresh_token, source, now):
        try:
            return accounts().refresh(refresh_token)
        except Refused:
            raise _log_in_expired() from None


def forgot(
    email: str,
    source: str,
    now: datetime,
    *,
    proof: str | None = None,
    organization: str = "",
    form: str | None = None,
) -> None:
    """Mail a code to the address, if an account has it. The same `form` twice mails once."""
    address = understood(email)
    with first_press(form, address, now) as is_first:
        if not is_first:
            return
        count_mail(address, source, now, proof=proof)
        with suppress(Refused):
            accounts().mail_reset_code(address, organization)


def _log_in_expired() -> Unauthorized:
    return Unauthorized("log_in_expired", "Your login has expired. Please log in again.")


def wrong_code() -> Invalid:
    sentence = "That code is wrong or has expired. Check the newest email, or ask for a new code."
    return Invalid(FieldError("code", "wrong_code", sentence), code="wrong_code")


def account_exists() -> Conflict:
    return Conflict(
        "account_exists",
        "This email address already has an account. Log in instead. Forgot your password? You can reset it.",
    )


def _logged_in(result: Tokens | PasswordDue) -> LoggedIn | PasswordDue:
    if isinstance(result, PasswordDue):
        return result
    claims = result.claims()
    is_verified = str(claims.get("email_verified")).lower() == "true"
    return LoggedIn(
        account_id=str(claims["sub"]),
        email=str(claims["email"]) if is_verified and claims.get("email") else None,
        first_name=str(claims.get("given_name") or ""),
        last_name=str(claims.get("family_name") or ""),
        tokens=result,
    )
