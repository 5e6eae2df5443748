"""Amazon Cognito for the owner of an account: register, confirm, log in, change the password.

Cognito takes these calls from anybody who knows the app client: they are unsigned and need no permission.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws.clients import client
from chalicelib.aws.failures import StorageFailure, error_of
from chalicelib.core.settings import settings

# Errors about the person, the code or the password, not about Cognito's state. LimitExceeded is one of them: it is
# about one account, and only about one that exists.
_VERDICTS = frozenset(
    {
        "AliasExistsException",
        "CodeDeliveryFailureException",
        "CodeMismatchException",
        "ExpiredCodeException",
        "InvalidParameterException",
        "InvalidPasswordException",
        "LimitExceededException",
        "NotAuthorizedException",
        "PasswordHistoryPolicyViolationException",
        "PasswordResetRequiredException",
        "TooManyFailedAttemptsException",
        "UserNotConfirmedException",
        "UserNotFoundException",
        "UsernameExistsException",
    }
)


class Refused(Exception):
    """Cognito refused the call because of its input. `code` is Cognito's error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


@dataclass(frozen=True, repr=False)
class Tokens:
    """`expires_in` is the life of the ID token and the access token, in seconds."""

    id_token: str
    access_token: str
    refresh_token: str
    expires_in: int

    def claims(self) -> dict[str, Any]:
        """The claims of the ID token. Not verified: it came from Cognito over TLS just now."""
        payload = self.id_token.split(".")[1]
        return dict(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))


@dataclass(frozen=True, repr=False)
class PasswordDue:
    """The password was right and has to be replaced. `session` continues the log-in; it is valid for minutes."""

    session: str


@dataclass(frozen=True)
class Accounts:
    """All methods raise Refused, and Unavailable when Cognito does not answer."""

    client_id: str

    def sign_up(self, user_name: str, password: str, attributes: Mapping[str, str]) -> None:
        """Cognito mails a code to the address among the attributes."""
        listed = [{"Name": name, "Value": value} for name, value in attributes.items()]
        self._call(client("cognito-idp").sign_up, Username=user_name, Password=password, UserAttributes=listed)

    def confirm_sign_up(self, user_name: str, code: str) -> None:
        # With True, Cognito would take the address away from an account that has it already.
        self._call(
            client("cognito-idp").confirm_sign_up, Username=user_name, ConfirmationCode=code, ForceAliasCreation=False
        )

    def mail_code_again(self, user_name: str) -> None:
        self._call(client("cognito-idp").resend_confirmation_code, Username=user_name)

    def log_in(self, login: str, password: str) -> Tokens | PasswordDue:
        parameters = {"USERNAME": login, "PASSWORD": password}
        answer = self._call(
            client("cognito-idp").initiate_auth, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters
        )
        return _logged_in(answer)

    def answer_with_password(self, due: PasswordDue, new_password: str) -> Tokens | PasswordDue:
        user_name, session = _unpacked(due)
        answer = self._call(
            client("cognito-idp").respond_to_auth_challenge,
            ChallengeName="NEW_PASSWORD_REQUIRED",
            Session=session,
            ChallengeResponses={"USERNAME": user_name, "NEW_PASSWORD": new_password},
        )
        return _logged_in(answer)

    def refresh(self, refresh_token: str) -> Tokens:
        parameters = {"REFRESH_TOKEN": refresh_token}
        answer = self._call(
            client("cognito-idp").initiate_auth, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=parameters
        )
        return _tokens(answer["AuthenticationResult"], refresh_token)

    def mail_reset_code(self, login: str) -> None:
        self._call(client("cognito-idp").forgot_password, Username=login)

    def reset(self, login: str, code: str, new_password: str) -> None:
        self._call(
            client("cognito-idp").confirm_forgot_password, Username=login, ConfirmationCode=code, Password=new_password
        )

    def _call(self, operation: Callable[..., dict[str, Any]], **parameters: Any) -> dict[str, Any]:
        with _verdicts():
            return operation(ClientId=self.client_id, **parameters)


@contextmanager
def _verdicts() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _VERDICTS:
            # The message must not leave this process: some messages repeat the input.
            raise Refused(code, error.response["Error"].get("Message", "")) from None
        raise error_of(error) from None
    except BotoCoreError as error:
        raise error_of(error) from error


def _logged_in(answer: Mapping[str, Any]) -> Tokens | PasswordDue:
    if "AuthenticationResult" in answer:
        return _tokens(answer["AuthenticationResult"], "")
    if answer.get("ChallengeName") != "NEW_PASSWORD_REQUIRED":
        # The user pool has no other challenge (infra/resources.yaml).
        raise StorageFailure(str(answer.get("ChallengeName")))
    # The answer to the challenge must give the user's name, not an alias.
    packed = [answer["ChallengeParameters"]["USER_ID_FOR_SRP"], answer["Session"]]
    return PasswordDue(base64.urlsafe_b64encode(json.dumps(packed).encode()).decode())


def _unpacked(due: PasswordDue) -> tuple[str, str]:
    try:
        user_name, session = json.loads(base64.urlsafe_b64decode(due.session))
    except (TypeError, ValueError, RecursionError):
        raise Refused("NotAuthorizedException", "") from None
    if not (isinstance(user_name, str) and isinstance(session, str)):
        raise Refused("NotAuthorizedException", "")
    return user_name, session


def _tokens(result: Mapping[str, Any], refresh_token: str) -> Tokens:
    """A refresh gives no new refresh token: the old one stays valid."""
    return Tokens(
        result["IdToken"],
        result["AccessToken"],
        result.get("RefreshToken") or refresh_token,
        int(result["ExpiresIn"]),
    )


def accounts() -> Accounts:
    return Accounts(settings().user_pool_client_id)
