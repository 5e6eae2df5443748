"""Amazon Cognito for the owner of an account: register, confirm, log in, change the password.

Cognito takes these calls unsigned from anybody who knows the app client, whose id is in every token. So the client has
a secret, of which each call carries a proof: nobody goes around our limits and has our sender mail strangers.
"""

import base64
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws.clients import client
from chalicelib.aws.failures import StorageFailure, error_of, translated
from chalicelib.core.addresses import is_for_accounts
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
    """As Cognito hands them out; `expires_in` are the seconds that ID and access token are good for.

    `access_token` never leaves Muster: whoever has it calls Cognito past our limits, and Cognito mails a code to any
    address that they would like to have. `refresh_token` is ours: Cognito wants the user's name with its own, which
    does not tell it.
    """

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

    user_pool_id: str
    client_id: str

    def sign_up(self, user_name: str, password: str, attributes: Mapping[str, str], organization: str = "") -> None:
        """Cognito mails a code to the address among the attributes; the mail names the organization, if any."""
        if not is_for_accounts(attributes.get("email", "")):
            # Cognito would take it, and then neither log in nor replace a password by it.
            raise Refused("InvalidParameterException", "")
        listed = [{"Name": name, "Value": value} for name, value in attributes.items()]
        self._call_of(
            user_name, client("cognito-idp").sign_up, Password=password, UserAttributes=listed, **named(organization)
        )

    def confirm_sign_up(self, user_name: str, code: str) -> None:
        # With True, Cognito would take the address away from an account that has it already.
        confirm = client("cognito-idp").confirm_sign_up
        self._call_of(user_name, confirm, ConfirmationCode=code, ForceAliasCreation=False)

    def mail_code_again(self, user_name: str, organization: str = "") -> None:
        self._call_of(user_name, client("cognito-idp").resend_confirmation_code, **named(organization))

    def log_in(self, login: str, password: str) -> Tokens | PasswordDue:
        parameters = {"USERNAME": login, "PASSWORD": password, "SECRET_HASH": self._proof(login)}
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
            ChallengeResponses={
                "USERNAME": user_name,
                "NEW_PASSWORD": new_password,
                "SECRET_HASH": self._proof(user_name),
            },
        )
        return _logged_in(answer)

    def refresh(self, refresh_token: str) -> Tokens:
        # By the user's own name: an alias, which is good for logging in, is not for this.
        user_name, _, known = refresh_token.rpartition(":")
        parameters = {"REFRESH_TOKEN": known, "SECRET_HASH": self._proof(user_name)}
        with _verdicts(is_proof_ours=False):
            answer = client("cognito-idp").initiate_auth(
                ClientId=self.client_id, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=parameters
            )
        return _tokens(answer["AuthenticationResult"], refresh_token)

    def mail_reset_code(self, login: str, organization: str = "") -> None:
        self._call_of(login, client("cognito-idp").forgot_password, **named(organization))

    def reset(self, login: str, code: str, new_password: str) -> None:
        confirm = client("cognito-idp").confirm_forgot_password
        self._call_of(login, confirm, ConfirmationCode=code, Password=new_password)

    def _call_of(self, name: str, operation: Callable[..., dict[str, Any]], **parameters: Any) -> dict[str, Any]:
        """A call that names a user, by user name or alias."""
        return self._call(operation, Username=name, SecretHash=self._proof(name), **parameters)

    def _call(self, operation: Callable[..., dict[str, Any]], **parameters: Any) -> dict[str, Any]:
        with _verdicts(is_proof_ours=True):
            return operation(ClientId=self.client_id, **parameters)

    def _proof(self, name: str) -> str:
        """That we know the secret; good for calls that name the user like this."""
        secret = _secret(self.user_pool_id, self.client_id)
        return base64.b64encode(hmac.digest(secret.encode(), (name + self.client_id).encode(), "sha256")).decode()


def named(organization: str) -> dict[str, dict[str, str]]:
    """For a call after which Cognito mails: what infra/code_mails.py writes for whom."""
    return {"ClientMetadata": {"organization": organization}} if organization else {}


@lru_cache(maxsize=1)
def _secret(user_pool_id: str, client_id: str) -> str:
    """Asked for once in a function's life. It is in no environment, no template and no log."""
    with translated():
        found = client("cognito-idp").describe_user_pool_client(UserPoolId=user_pool_id, ClientId=client_id)
    return str(found["UserPoolClient"]["ClientSecret"])


@contextmanager
def _verdicts(is_proof_ours: bool) -> Iterator[None]:
    """A proof that is refused is our mistake, and nobody's wrong password; unless the name in it came from outside."""
    try:
        yield
    except ClientError as error:
        code, message = (str(error.response.get("Error", {}).get(name, "")) for name in ("Code", "Message"))
        if code in _VERDICTS:
            if is_proof_ours and "secret hash" in message.lower().replace("_", " "):
                raise StorageFailure(code) from None
            # The message must not leave this process: some messages repeat the input.
            raise Refused(code, message) from None
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
    tokens = Tokens(result["IdToken"], result["AccessToken"], refresh_token, int(result["ExpiresIn"]))
    if not result.get("RefreshToken"):
        return tokens
    # No token has a colon in it.
    return replace(tokens, refresh_token=f"{tokens.claims()['cognito:username']}:{result['RefreshToken']}")


def accounts() -> Accounts:
    return Accounts(settings().user_pool_id, settings().user_pool_client_id)
