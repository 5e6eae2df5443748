"""What Cognito does and the local cloud's does not, done there too.

* Confirming a registration makes its address a verified one, unless another account has it (AliasExistsException);
  so does setting a verified address.
* Codes, and proofs of the client's secret, are asked for whether or not IAM is enforced.
* A first password is replaced by who has just logged in with it, named by user name, and by one that obeys the rules.
* A first password ends after some days; mailed again, it is another one. Who has used it gets no other.
* Names, attributes and filters that are too long are refused.
"""

import importlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_Answer = tuple[int, dict[str, str], bytes]
_Handler = Callable[[dict[str, Any]], _Answer]

_CHALLENGE = "NEW_PASSWORD_REQUIRED"
_FIRST = "FORCE_CHANGE_PASSWORD"


def mend() -> None:
    """To be called once, in the local cloud's process."""
    cognito: Any = importlib.import_module("ministack.services.cognito")
    mended = _Mended(cognito)
    cognito._run_idp_handler = mended.run(cognito._run_idp_handler)
    cognito._admin_create_user = mended.admin_create_user(cognito._admin_create_user)
    cognito._confirm_sign_up = mended.confirm_sign_up(cognito._confirm_sign_up)
    cognito._confirm_forgot_password = mended.confirm_forgot_password(cognito._confirm_forgot_password)
    cognito._admin_update_user_attributes = mended.admin_update_user_attributes(cognito._admin_update_user_attributes)
    cognito._initiate_auth = mended.initiate_auth(cognito._initiate_auth)
    cognito._respond_to_auth_challenge = mended.respond_to_auth_challenge(cognito._respond_to_auth_challenge)


# In a user pool: who has been asked for another password, by session.
_SESSIONS = "_first_password_sessions"


class _Mended:
    def __init__(self, cognito: Any) -> None:
        self._cognito = cognito

    def run(self, original: Callable[..., _Answer]) -> Callable[..., _Answer]:
        def run(handler: _Handler, action: str, data: dict[str, Any]) -> _Answer:
            for field, value, limit in _limited(data):
                if len(value) > limit:
                    sentence = f"Value at '{field}' failed to satisfy constraint: length less than or equal to {limit}"
                    return self._refusal("InvalidParameterException", sentence)
            refused: _Answer | None = self._cognito._validate_client_secret_hash(action, data)
            return refused if refused is not None else original(handler, action, data)

        return run

    def admin_create_user(self, original: _Handler) -> _Handler:
        def handler(data: dict[str, Any]) -> _Answer:
            pool = self._cognito._user_pools.get(data.get("UserPoolId"))
            user = self._cognito._resolve_user(pool, data.get("Username"))[0] if pool else None
            if user is not None and data.get("MessageAction") == "RESEND":
                if user["UserStatus"] != _FIRST:
                    sentence = f"Resend not possible. User status is not {_FIRST}"
                    return self._refusal("UnsupportedUserStateException", sentence)
                user["_password"] = data.get("TemporaryPassword") or self._cognito._generate_temp_password()
            return original(data)

        return handler

    def confirm_sign_up(self, original: _Handler) -> _Handler:
        def handler(data: dict[str, Any]) -> _Answer:
            refused: _Answer | None = self._cognito._confirmation_code_error("ConfirmSignUp", data)
            if refused is not None:
                return refused
            pool, user = self._found(data)
            if user is not None and self._is_taken(pool, user, _attributes(user).get("email", "")):
                return self._refusal("AliasExistsException", "An account with the email already exists.")
            answer = original(data)
            if user is not None:
                verified = [{"Name": "email_verified", "Value": "true"}]
                user["Attributes"] = self._cognito._merge_attributes(user["Attributes"], verified)
            return answer

        return handler

    def confirm_forgot_password(self, original: _Handler) -> _Handler:
        def handler(data: dict[str, Any]) -> _Answer:
            refused: _Answer | None = self._cognito._confirmation_code_error("ConfirmForgotPassword", data)
            return refused if refused is not None else original(data)

        return handler

    def admin_update_user_attributes(self, original: _Handler) -> _Handler:
        def handler(data: dict[str, Any]) -> _Answer:
            pool = self._cognito._user_pools.get(data.get("UserPoolId"))
            user = self._cognito._resolve_user(pool, data.get("Username"))[0] if pool else None
            wanted = _named(data.get("UserAttributes", []))
            if user and wanted.get("email_verified") == "true" and self._is_taken(pool, user, wanted.get("email", "")):
                return self._refusal("AliasExistsException", "An account with the email already exists.")
            return original(data)

        return handler

    def initiate_auth(self, original: _Handler) -> _Handler:
        def handler(data: dict[str, Any]) -> _Answer:
            status, headers, body = original(data)
            said = json.loads(body)
            if said.get("ChallengeName") != _CHALLENGE:
                return status, headers, body
            pool = self._cognito._pool_for_client(data.get("ClientId"))[0]
            user = self._cognito._resolve_user(pool, data["AuthParameters"]["USERNAME"])[0]
            days = pool["Policies"]["PasswordPolicy"].get("TemporaryPasswordValidityDays", 7)
            if user["UserLastModifiedDate"] < time.time() - days * 24 * 3600:
                sentence = "Temporary password has expired and must be reset by an administrator."
                return self._refusal("NotAuthorizedException", sentence)
            # Kept with the pool, so that it is part of every snapshot of the local cloud.
            pool.setdefault(_SESSIONS, {})[said["Session"]] = user["Username"]
            said["ChallengeParameters"]["USER_ID_FOR_SRP"] = user["Username"]
            return status, headers, json.dumps(said).encode()

        return handler

    def respond_to_auth_challenge(self, original: _Handler) -> _Handler:
        def handler(data: dict[str, Any]) -> _Answer:
            if data.get("ChallengeName") != _CHALLENGE:
                return original(data)
            responses = data.get("ChallengeResponses", {})
            session = data.get("Session", "")
            pool = self._cognito._pool_for_client(data.get("ClientId"))[0]
            user_by_session = pool.get(_SESSIONS, {}) if pool else {}
            if user_by_session.get(session) != responses.get("USERNAME"):
                return self._refusal("NotAuthorizedException", "Invalid session for the user.")
            refused: _Answer | None = self._cognito._validate_password(pool, responses.get("NEW_PASSWORD", ""))
            if refused is not None:
                return refused
            del user_by_session[session]
            return original(data)

        return handler

    def _found(self, data: Mapping[str, Any]) -> tuple[Any, Any]:
        pool = self._cognito._pool_for_client(data.get("ClientId"))[0]
        return pool, self._cognito._resolve_user(pool, data.get("Username"))[0] if pool else None

    def _is_taken(self, pool: Mapping[str, Any], user: Mapping[str, Any], email: str) -> bool:
        others = [_attributes(other) for other in pool["_users"].values() if other is not user]
        same = [other for other in others if other.get("email", "").casefold() == email.casefold()]
        return bool(email) and any(str(other.get("email_verified")).lower() == "true" for other in same)

    def _refusal(self, code: str, message: str) -> _Answer:
        answer: _Answer = self._cognito.error_response_json(code, message, 400)
        return answer


def _limited(data: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    yield "username", str(data.get("Username", "")), 128
    yield "filter", str(data.get("Filter", "")), 256
    for attribute in data.get("UserAttributes") or []:
        yield "userAttributes", str(attribute.get("Value", "")), 2048


def _attributes(user: Mapping[str, Any]) -> dict[str, str]:
    return _named(user.get("Attributes", []))


def _named(attributes: list[dict[str, str]]) -> dict[str, str]:
    return {attribute["Name"]: attribute.get("Value", "") for attribute in attributes}
