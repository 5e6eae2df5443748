"""People and their own accounts: register, confirm, log in, refresh, forget a password and set another.

Nothing tells which accounts exist: answers, and the AWS calls behind them, are the same with and without an account.
Tries are counted before anything else.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from chalicelib.aws.accounts import PasswordDue, Refused, Tokens, accounts
from chalicelib.core.addresses import understood
from chalicelib.core.errors import Conflict, FieldError, Invalid, Unauthorized, Unavailable
from chalicelib.core.ids import new_id
from chalicelib.core.text import normalized
from chalicelib.people.accounts.passwords import refuse_weak, refused_by_cognito
from chalicelib.web import rate_limits

TRIES = 5
TRIES_PER_SOURCE = 20
PER = timedelta(minutes=1)

# Anybody can have codes mailed to any address, so each address gets only so many, from all sources together.
MAILS = 5
MAILS_PER = timedelta(hours=1)

_WEAK = frozenset({"InvalidPasswordException", "PasswordHistoryPolicyViolationException"})

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
    email: str, password: str, source: str, now: datetime, *, first_name: str = "", last_name: str = ""
) -> str:
    """Mails a code to the address, and returns the registration's id, which is the account's user name.

    One can log in by the address only once its owner has confirmed this registration, so that registering
    somebody else's address gains nothing.
    Raises Invalid for a password that breaks a rule, and for an address that Cognito does not take.
    """
    address = understood(email)
    count_try(address, source, now)
    refuse_weak(password, "password")
    count_mail(address, now)
    registration_id = new_id(now)
    attributes = {"email": address, "given_name": first_name, "family_name": last_name}
    try:
        accounts().sign_up(registration_id, password, {k: v for k, v in attributes.items() if v})
    except Refused as no:
        if no.code in _WEAK:
            raise refused_by_cognito("password") from None
        if no.code == "InvalidParameterException":
            raise Invalid(FieldError("email", "invalid_email", "This address cannot be used.")) from None
        if no.code not in _REGISTERED:
            raise Unavailable() from no
    return registration_id


def confirm(registration_id: str, code: str, source: str, now: datetime) -> None:
    """Raises Invalid `wrong_code`, and Conflict: `account_exists`, or `already_confirmed`.

    Only the mailbox's owner learns the first of these, because it takes the code. The second takes no code, and
    proves nothing.
    """
    count_try(registration_id, source, now)
    try:
        accounts().confirm_sign_up(registration_id, code)
    except Refused as no:
        if no.code == "AliasExistsException":
            raise account_exists() from None
        if no.code == "NotAuthorizedException" and no.message.endswith("CONFIRMED"):
            raise Conflict("already_confirmed", "This registration is confirmed already: log in.") from None
        raise wrong_code() from None


def resend(registration_id: str, source: str, now: datetime) -> None:
    """Mail another code, if the registration exists and is not confirmed."""
    count_try(registration_id, source, now)
    count_mail(registration_id, now)
    try:
        accounts().mail_code_again(registration_id)
    except Refused:
        return


def _name_of(login: str) -> str:
    """By which Cognito knows the account: an address is understood as through every other door."""
    return understood(login) if "@" in login else normalized(login)


def log_in(login: str, password: str, source: str, now: datetime) -> LoggedIn | PasswordDue:
    """By e-mail address or login name. Raises Unauthorized `wrong_credentials`, whatever is wrong.

    PasswordDue: the password was chosen by somebody else, and `choose_password` has to replace it.
    """
    name = _name_of(login)
    count_try(name, source, now)
    try:
        return _logged_in(accounts().log_in(name, password))
    except Refused:
        raise Unauthorized(
            "wrong_credentials",
            "Log-in and password do not belong together, or the address was never confirmed. "
            "A forgotten password can be replaced by a mailed code.",
        ) from None


def choose_password(
    login: str, due: PasswordDue, new_password: str, source: str, now: datetime
) -> LoggedIn | PasswordDue:
    """Raises Unauthorized `log_in_expired`, and Invalid for a password that breaks a rule."""
    count_try(_name_of(login), source, now)
    refuse_weak(new_password, "new_password")
    try:
        return _logged_in(accounts().answer_with_password(due, new_password))
    except Refused as no:
        if no.code in _WEAK:
            raise refused_by_cognito("new_password") from None
        raise Unauthorized(
            "log_in_expired", "That took too long, or was done already; log in again with the first password."
        ) from None


def refresh(refresh_token: str, source: str, now: datetime) -> Tokens:
    """Raises Unauthorized `log_in_expired`."""
    _count_source(source, now)
    try:
        return accounts().refresh(refresh_token)
    except Refused:
        raise Unauthorized("log_in_expired", "This log-in is over; log in again.") from None


def forgot(email: str, source: str, now: datetime) -> None:
    """Mail a code to the address, if an account has it."""
    address = understood(email)
    count_try(address, source, now)
    count_mail(address, now)
    try:
        accounts().mail_reset_code(address)
    except Refused:
        return


def reset(email: str, code: str, new_password: str, source: str, now: datetime) -> None:
    """Raises Invalid: `wrong_code`, or for a password that breaks a rule."""
    address = understood(email)
    count_try(address, source, now)
    refuse_weak(new_password, "new_password")
    try:
        accounts().reset(address, code, new_password)
    except Refused as no:
        if no.code in _WEAK:
            raise refused_by_cognito("new_password") from None
        raise wrong_code() from None


def count_try(target: str, source: str, now: datetime) -> None:
    """One more try on this address, login name, registration or account. Raises TooMany."""
    _count_source(source, now)
    rate_limits.take("auth", target, TRIES, PER, now)


def count_mail(address: str, now: datetime) -> None:
    """One more mail with a code to this address. Raises TooMany."""
    rate_limits.take("auth_mail", normalized(address), MAILS, MAILS_PER, now)


def wrong_code() -> Invalid:
    sentence = "This is not the code that was mailed, or it is too old; ask for another one."
    return Invalid(FieldError("code", "wrong_code", sentence), code="wrong_code")


def account_exists() -> Conflict:
    return Conflict(
        "account_exists",
        "This address has an account already: log in with it. A forgotten password can be replaced by a mailed code.",
    )


def _count_source(source: str, now: datetime) -> None:
    rate_limits.take("auth_source", network_of(source), TRIES_PER_SOURCE, PER, now)


def network_of(source: str) -> str:
    """The IPv4 address, or the network of an IPv6 address: a customer has 2^64 of those."""
    try:
        address = ip_address(source)
    except ValueError:
        return source
    return str(int(address) >> 64) if isinstance(address, IPv6Address) else source


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
