"""Accounts in Amazon Cognito: find, create and change them by e-mail address."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.aws.accounts import named
from chalicelib.aws.clients import client
from chalicelib.aws.failures import StorageFailure, translated
from chalicelib.core.addresses import is_for_accounts
from chalicelib.core.errors import FieldError, Invalid, NotFound, Unavailable
from chalicelib.core.ids import new_id
from chalicelib.core.settings import settings
from chalicelib.core.text import normalized

# The account was created between our look and our call, or it was created and only its mail failed.
_CREATED_MEANWHILE = frozenset({"UsernameExistsException", "AliasExistsException", "CodeDeliveryFailureException"})

_WEAK = frozenset({"InvalidPasswordException", "PasswordHistoryPolicyViolationException"})

# As Cognito calls those whose password somebody else chose.
_NEVER_LOGGED_IN = "FORCE_CHANGE_PASSWORD"

# Somebody logged in between our look and our call; or only the mail did not go out.
_NOT_MAILED = frozenset({"UnsupportedUserStateException", "CodeDeliveryFailureException"})

# How long nobody gets another first password: who is appointed twice in a day is not to find the first mail's dead.
_KEEPS_FIRST_PASSWORD = timedelta(days=1)


@dataclass(frozen=True)
class Person:
    """An account with its verified address; names are those of the registration, empty when there are none."""

    account_id: str
    email: str
    first_name: str
    last_name: str


@dataclass(frozen=True)
class Identity:
    user_pool_id: str

    def account_for(self, email: str, now: datetime, organization: str = "") -> str:
        """The account of this address; made when there is none, and then Cognito mails a first password for whom it is.

        Cognito forgets it after seven days, and nobody can then log in or ask for another. So who never used theirs is
        mailed a new one whenever they are asked for again, on a later day. Raises Invalid for what no account can have.
        """
        address = normalized(email)
        if not is_for_accounts(address):
            raise _unusable()
        user = self._user(address)
        if user is None:
            return self._made(address, now, organization)
        if user["UserStatus"] == _NEVER_LOGGED_IN and user["UserLastModifiedDate"] <= now - _KEEPS_FIRST_PASSWORD:
            self._mail_first_password(user["Username"], organization)
        return _values(user["Attributes"])["sub"]

    def find(self, email: str) -> str | None:
        """The account with this verified address.

        Anybody may register with an address that is not theirs. Until it is verified, such an account must not get
        what is meant for the owner of the address.
        """
        user = self._user(normalized(email))
        return _values(user["Attributes"])["sub"] if user else None

    def account_named(self, login_name: str, first_password: str) -> str | None:
        """The account that logs in by this name; made when there is none. None when somebody uses the name already.

        Whoever has it from an earlier try of ours has never logged in, and gets this password. The name is the user
        name itself: an alias could be given only to who has confirmed an account.
        """
        try:
            with translated():
                answer = client("cognito-idp").admin_create_user(
                    UserPoolId=self.user_pool_id, Username=login_name, TemporaryPassword=first_password,
                    MessageAction="SUPPRESS",
                )  # fmt: skip
            return _values(answer["User"]["Attributes"])["sub"]
        except StorageFailure as error:
            if error.aws_code in _WEAK:
                raise _weak() from None
            if error.aws_code != "UsernameExistsException":
                raise
        return self.set_first_password(login_name, first_password, only_unused=True)

    def set_first_password(self, user_name: str, password: str, *, only_unused: bool = False) -> str | None:
        """A password to be changed, good for seven days, for who has no address; gives the account.

        None, and nothing is changed, when there is none, when it has an address, or, with `only_unused`, when
        somebody has logged in with it.
        """
        pool = self.user_pool_id
        try:
            with translated():
                user = client("cognito-idp").admin_get_user(UserPoolId=pool, Username=user_name)
                attributes = _values(user["UserAttributes"])
                if attributes.get("email") or (only_unused and user["UserStatus"] != _NEVER_LOGGED_IN):
                    return None
                client("cognito-idp").admin_set_user_password(
                    UserPoolId=pool, Username=user_name, Password=password, Permanent=False
                )
        except StorageFailure as error:
            if error.aws_code in _WEAK:
                raise _weak() from None
            if error.aws_code != "UserNotFoundException":
                raise
            return None
        return attributes["sub"]

    def _user(self, address: str) -> Mapping[str, Any] | None:
        if not is_for_accounts(address):
            # Cognito would not even look.
            return None
        request: dict[str, Any] = {"UserPoolId": self.user_pool_id, "Filter": f'email = "{_quoted(address)}"'}
        while True:
            with translated():
                answer = client("cognito-idp").list_users(**request)
            for user in answer.get("Users", []):
                attributes = _values(user["Attributes"])
                if normalized(attributes.get("email", "")) == address and attributes.get("email_verified") == "true":
                    return dict(user)
            if not answer.get("PaginationToken"):
                return None
            request["PaginationToken"] = answer["PaginationToken"]

    def person(self, user_name: str) -> Person | None:
        """Whose user name this is. None when there is nobody, or the address is not verified."""
        try:
            with translated():
                answer = client("cognito-idp").admin_get_user(UserPoolId=self.user_pool_id, Username=user_name)
        except StorageFailure as error:
            if error.aws_code != "UserNotFoundException":
                raise
            return None
        attributes = _values(answer["UserAttributes"])
        if attributes.get("email_verified") != "true":
            return None
        names = (attributes.get("given_name", ""), attributes.get("family_name", ""))
        return Person(attributes["sub"], attributes["email"], *names)

    def give_address(self, account_id: str, email: str) -> bool:
        """Make this the account's verified address. False when another account has it.

        Doing it again changes nothing. Raises NotFound when there is no such account, Invalid for what none can have.
        """
        address = normalized(email)
        owner = self.find(address)
        if owner is not None:
            return owner == account_id
        if not is_for_accounts(address):
            raise _unusable()
        verified = [{"Name": "email", "Value": address}, {"Name": "email_verified", "Value": "true"}]
        try:
            with translated():
                client("cognito-idp").admin_update_user_attributes(
                    UserPoolId=self.user_pool_id, Username=self._user_name(account_id), UserAttributes=verified
                )
        except StorageFailure as error:
            if error.aws_code == "InvalidParameterException":
                raise _unusable() from None
            # Another account got it between our look and our call.
            if error.aws_code != "AliasExistsException":
                raise
            return False
        return True

    def delete(self, account_id: str) -> None:
        """Who has it can't log in from now on. Harmless when it is gone."""
        try:
            user_name = self._user_name(account_id)
        except NotFound:
            return
        try:
            with translated():
                client("cognito-idp").admin_delete_user(UserPoolId=self.user_pool_id, Username=user_name)
        except StorageFailure as error:
            if error.aws_code != "UserNotFoundException":
                raise

    def _user_name(self, account_id: str) -> str:
        by_sub = f'sub = "{_quoted(account_id)}"'
        with translated():
            users = client("cognito-idp").list_users(UserPoolId=self.user_pool_id, Filter=by_sub, Limit=1)["Users"]
        if not users:
            raise NotFound("There is no such account")
        return str(users[0]["Username"])

    def _made(self, address: str, now: datetime, organization: str) -> str:
        try:
            return self._create(address, now, organization)
        except StorageFailure as error:
            if error.aws_code == "InvalidParameterException":
                raise _unusable() from None
            if error.aws_code not in _CREATED_MEANWHILE:
                raise
        account_id = self.find(address)
        if account_id is None:
            # ListUsers lags behind; the next try will see the account.
            raise Unavailable()
        return account_id

    def _create(self, address: str, now: datetime, organization: str) -> str:
        with translated():
            answer = client("cognito-idp").admin_create_user(
                UserPoolId=self.user_pool_id,
                # The address is an alias and may change; the user name cannot.
                Username=new_id(now),
                UserAttributes=[{"Name": "email", "Value": address}, {"Name": "email_verified", "Value": "true"}],
                DesiredDeliveryMediums=["EMAIL"],
                **named(organization),
            )
        return _values(answer["User"]["Attributes"])["sub"]

    def _mail_first_password(self, user_name: str, organization: str) -> None:
        """A new one, good for seven days again; the old one is over."""
        try:
            with translated():
                client("cognito-idp").admin_create_user(
                    UserPoolId=self.user_pool_id,
                    Username=user_name,
                    MessageAction="RESEND",
                    DesiredDeliveryMediums=["EMAIL"],
                    **named(organization),
                )
        except StorageFailure as error:
            if error.aws_code not in _NOT_MAILED:
                raise


def _unusable() -> Invalid:
    return Invalid(FieldError("email", "invalid_email", "This address can't be used for an account."))


def _weak() -> Invalid:
    return Invalid(FieldError("password", "weak_password", "Choose a different password."), code="weak_password")


def _values(attributes: list[dict[str, str]]) -> dict[str, str]:
    return {attribute["Name"]: attribute.get("Value", "") for attribute in attributes}


def _quoted(text: str) -> str:
    """Escaped for a filter of ListUsers."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def identity() -> Identity:
    return Identity(settings().user_pool_id)
