"""Accounts in Amazon Cognito: find, create and change them by e-mail address."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.aws.clients import client
from chalicelib.aws.failures import StorageFailure, translated
from chalicelib.core.errors import NotFound, Unavailable
from chalicelib.core.ids import new_id
from chalicelib.core.settings import settings
from chalicelib.core.text import normalized

# The account was created between our look and our call, or it was created and only its mail failed.
_CREATED_MEANWHILE = frozenset({"UsernameExistsException", "AliasExistsException", "CodeDeliveryFailureException"})


@dataclass(frozen=True)
class Identity:
    user_pool_id: str

    def account_for(self, email: str, now: datetime) -> str:
        """The account of this address. If there is none it is created, and Cognito mails a first password."""
        address = normalized(email)
        account_id = self.find(address)
        if account_id is not None:
            return account_id
        try:
            return self._create(address, now)
        except StorageFailure as error:
            if error.aws_code not in _CREATED_MEANWHILE:
                raise
        account_id = self.find(address)
        if account_id is None:
            # ListUsers lags behind; the next try will see the account.
            raise Unavailable()
        return account_id

    def find(self, email: str) -> str | None:
        """The account with this verified address.

        Anybody may register with an address that is not theirs. Until it is verified, such an account must not get
        what is meant for the owner of the address.
        """
        address = normalized(email)
        request: dict[str, Any] = {"UserPoolId": self.user_pool_id, "Filter": f'email = "{_quoted(address)}"'}
        while True:
            with translated():
                answer = client("cognito-idp").list_users(**request)
            for user in answer.get("Users", []):
                attributes = _values(user["Attributes"])
                if normalized(attributes.get("email", "")) == address and attributes.get("email_verified") == "true":
                    return attributes["sub"]
            if not answer.get("PaginationToken"):
                return None
            request["PaginationToken"] = answer["PaginationToken"]

    def named(self, user_name: str) -> tuple[str, str] | None:
        """Account and address of a user by its name. None when there is none, or its address is not verified."""
        try:
            with translated():
                answer = client("cognito-idp").admin_get_user(UserPoolId=self.user_pool_id, Username=user_name)
        except StorageFailure as error:
            if error.aws_code != "UserNotFoundException":
                raise
            return None
        attributes = _values(answer["UserAttributes"])
        return (attributes["sub"], attributes["email"]) if attributes.get("email_verified") == "true" else None

    def give_address(self, account_id: str, email: str) -> bool:
        """Make this the account's verified address. False when another account has it.

        Doing it again changes nothing. Raises NotFound when there is no such account.
        """
        address = normalized(email)
        owner = self.find(address)
        if owner is not None:
            return owner == account_id
        verified = [{"Name": "email", "Value": address}, {"Name": "email_verified", "Value": "true"}]
        try:
            with translated():
                client("cognito-idp").admin_update_user_attributes(
                    UserPoolId=self.user_pool_id, Username=self._user_name(account_id), UserAttributes=verified
                )
        except StorageFailure as error:
            # Another account got it between our look and our call.
            if error.aws_code != "AliasExistsException":
                raise
            return False
        return True

    def _user_name(self, account_id: str) -> str:
        by_sub = f'sub = "{_quoted(account_id)}"'
        with translated():
            users = client("cognito-idp").list_users(UserPoolId=self.user_pool_id, Filter=by_sub, Limit=1)["Users"]
        if not users:
            raise NotFound("There is no such account")
        return str(users[0]["Username"])

    def _create(self, address: str, now: datetime) -> str:
        with translated():
            answer = client("cognito-idp").admin_create_user(
                UserPoolId=self.user_pool_id,
                # The address is an alias and may change; the user name cannot.
                Username=new_id(now),
                UserAttributes=[{"Name": "email", "Value": address}, {"Name": "email_verified", "Value": "true"}],
                DesiredDeliveryMediums=["EMAIL"],
            )
        return _values(answer["User"]["Attributes"])["sub"]


def _values(attributes: list[dict[str, str]]) -> dict[str, str]:
    return {attribute["Name"]: attribute.get("Value", "") for attribute in attributes}


def _quoted(text: str) -> str:
    """Escaped for a filter of ListUsers."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def identity() -> Identity:
    return Identity(settings().user_pool_id)
