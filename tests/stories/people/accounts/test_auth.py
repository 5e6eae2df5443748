"""F1: people make their own accounts, log in by address or login name, and choose another password."""

from datetime import timedelta

import pytest

from chalicelib.people.accounts import login, passwords
from chalicelib.people.accounts.login import LoggedIn
from tests.cloud_fixture import resources
from tests.gateway import Answer
from tests.harness import World
from tests.stories.inbox import code_for

PASSWORD = "Correct-horse-7"
OTHER = "Battery-staple-8"
WRONG_CREDENTIALS = (401, "wrong_credentials")


def _register(world: World, email: str = "ann@example.com", **more: str) -> Answer:
    return world.post("/auth/register", body={"email": email, "password": PASSWORD, **more})


def _account(world: World, email: str = "ann@example.com", **more: str) -> str:
    """Somebody who has registered and confirmed; gives the registration's id."""
    registration = str(_register(world, email, **more).json["registration_id"])
    answer = world.post("/auth/confirm", body={"registration_id": registration, "code": code_for(world, email)})
    assert answer.status == 204, answer.text
    return registration


def _log_in(world: World, login: str = "ann@example.com", password: str = PASSWORD) -> Answer:
    return world.post("/auth/login", body={"login": login, "password": password})


def _said(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["code"]


def _fields(answer: Answer) -> list[tuple[str, str]]:
    return [(error["field"], error["code"]) for error in answer.json["errors"]]


# Registering


def test_who_registers_confirms_by_the_mailed_code_and_logs_in(world: World) -> None:
    registered = _register(world, " Ann@Example.com", first_name="Ann", last_name="Lee")
    assert registered.status == 202
    assert set(registered.json) == {"registration_id"}
    assert registered.headers["cache-control"] == "no-store"
    assert _said(_log_in(world)) == WRONG_CREDENTIALS
    code = code_for(world, "ann@example.com")
    confirmed = world.post("/auth/confirm", body={"registration_id": registered.json["registration_id"], "code": code})
    assert (confirmed.status, confirmed.text) == (204, "")
    found = _log_in(world, "ANN@example.com").json
    assert found["expires_in"] == 3600
    assert all(found[name].count(".") == 2 for name in ("id_token", "refresh_token"))
    assert "access_token" not in found
    assert (found["challenge"], found["session"]) == (None, None)


def test_the_account_behind_a_log_in_is_known_with_its_verified_address_and_names(world: World) -> None:
    registration = _account(world, first_name="Ann", last_name="Lee")
    found = login.log_in("ann@example.com", PASSWORD, "192.0.2.9", world.now)
    assert isinstance(found, LoggedIn)
    user = world.client("cognito-idp").admin_get_user(
        UserPoolId=world.stage.environment["USER_POOL_ID"], Username=registration
    )
    sub = next(entry["Value"] for entry in user["UserAttributes"] if entry["Name"] == "sub")
    assert (found.account_id, found.email) == (sub, "ann@example.com")
    assert (found.first_name, found.last_name) == ("Ann", "Lee")
    assert found.tokens.id_token not in repr(found)


@pytest.mark.parametrize(
    ("password", "rules"),
    [
        ("Short-1", ["password_too_short"]),
        ("correct-horse-7", ["password_needs_uppercase"]),
        ("CORRECT-HORSE-7", ["password_needs_lowercase"]),
        ("Correct-horse-x", ["password_needs_number"]),
        ("Correct-horse-7 ", ["password_outer_space"]),
        ("C7" + "x" * 255, ["password_too_long"]),
        ("horse", ["password_too_short", "password_needs_uppercase", "password_needs_number"]),
    ],
)
def test_a_weak_password_is_refused_by_each_rule_that_it_breaks(world: World, password: str, rules: list[str]) -> None:
    answer = _register(world, password=password)
    assert _said(answer) == (422, "weak_password")
    assert _fields(answer) == [("password", rule) for rule in rules]
    assert password not in answer.text


def test_a_password_that_only_cognito_knows_to_be_bad_is_refused_too(world: World) -> None:
    with world.refusing("cognito-idp", "SignUp", "InvalidPasswordException"):
        answer = _register(world)
    assert _said(answer) == (422, "weak_password")
    assert _fields(answer) == [("password", "weak_password")]


def test_an_address_that_cognito_does_not_take_is_refused(world: World) -> None:
    with world.refusing("cognito-idp", "SignUp", "InvalidParameterException"):
        assert _fields(_register(world)) == [("email", "invalid_email")]


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/auth/register", {"password": PASSWORD}),
        ("/auth/forgot", {}),
        ("/auth/reset", {"code": "123456", "new_password": OTHER}),
    ],
)
def test_an_address_too_long_for_an_account_is_refused_with_a_sentence(
    world: World, path: str, more: dict[str, str]
) -> None:
    answer = world.post(path, body={"email": "a" * 64 + "@" + "b" * 60 + ".example", **more})
    assert answer.status == 422
    assert answer.json["errors"] == [
        {
            "field": "email",
            "code": "address_too_long",
            "message": "An account's email address can have up to 128 characters.",
        }
    ]


@pytest.mark.parametrize("code", ["UsernameExistsException", "CodeDeliveryFailureException"])
def test_a_registration_whose_answer_or_mail_was_lost_counts_all_the_same(world: World, code: str) -> None:
    with world.refusing("cognito-idp", "SignUp", code):
        assert _register(world).status == 202


@pytest.mark.parametrize(
    "body",
    [
        {"email": "not an address", "password": PASSWORD},
        {"email": "ann@example.com"},
        {"email": "ann@example.com", "password": PASSWORD, "role": "msp_admin"},
        {"email": "ann@example.com", "password": PASSWORD, "first_name": "Ann\r\nBcc: x"},
    ],
)
def test_an_invalid_registration_is_refused(world: World, body: dict[str, str]) -> None:
    answer = world.post("/auth/register", body=body)
    assert answer.status == 422
    assert PASSWORD not in answer.text


# Confirming


def test_a_wrong_code_confirms_nothing(world: World) -> None:
    registration = _register(world).json["registration_id"]
    answer = world.post("/auth/confirm", body={"registration_id": registration, "code": "000000"})
    assert _said(answer) == (422, "wrong_code")
    assert _said(_log_in(world)) == WRONG_CREDENTIALS


@pytest.mark.parametrize("code", ["ExpiredCodeException", "TooManyFailedAttemptsException", "LimitExceededException"])
def test_a_code_that_is_too_old_or_was_guessed_at_is_a_wrong_one(world: World, code: str) -> None:
    registration = _register(world).json["registration_id"]
    with world.refusing("cognito-idp", "ConfirmSignUp", code):
        answer = world.post("/auth/confirm", body={"registration_id": registration, "code": "123456"})
    assert _said(answer) == (422, "wrong_code")


def test_no_code_confirms_an_unknown_registration(world: World) -> None:
    unknown = world.post("/auth/confirm", body={"registration_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "code": "123456"})
    assert _said(unknown) == (422, "wrong_code")


def test_confirming_again_says_so_and_proves_nothing(world: World) -> None:
    registration = _account(world)
    again = world.post("/auth/confirm", body={"registration_id": registration, "code": "123456"})
    assert _said(again) == (409, "already_confirmed")


def test_an_address_that_has_an_account_keeps_it(world: World) -> None:
    _account(world)
    second = _register(world)
    assert second.status == 202
    body = {"registration_id": second.json["registration_id"], "code": code_for(world, "ann@example.com")}
    answer = world.post("/auth/confirm", body=body)
    assert _said(answer) == (409, "account_exists")
    assert "Log in instead" in answer.json["detail"]
    assert _log_in(world).status == 200


def test_who_registers_with_somebody_elses_address_gains_nothing(world: World) -> None:
    """The owner's own registration is confirmed by the owner's code; the squatter's password opens nothing."""
    squatted = world.post("/auth/register", body={"email": "ann@example.com", "password": OTHER}).json
    _account(world)
    assert _log_in(world).status == 200
    assert _said(_log_in(world, password=OTHER)) == WRONG_CREDENTIALS
    assert _said(_log_in(world, squatted["registration_id"], OTHER)) == WRONG_CREDENTIALS


def test_the_code_is_mailed_again(world: World) -> None:
    registration = _register(world, "resent@example.com").json["registration_id"]
    assert world.post("/auth/resend", body={"registration_id": registration}).status == 202
    assert code_for(world, "resent@example.com", count=2)


@pytest.mark.parametrize("code", ["UserNotFoundException", "InvalidParameterException", "LimitExceededException"])
def test_a_code_that_cannot_be_mailed_again_is_not_told_of(world: World, code: str) -> None:
    with world.refusing("cognito-idp", "ResendConfirmationCode", code):
        answer = world.post("/auth/resend", body={"registration_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV"})
    assert (answer.status, answer.json) == (202, {})


# Logging in


def test_a_login_name_logs_in_and_a_first_password_has_to_be_replaced(world: World) -> None:
    _with_login_name(world, "ann.lee")
    first = _log_in(world, "Ann.Lee").json
    assert first["challenge"] == "new_password_required"
    assert first["id_token"] is None
    weak = {"login": "ann.lee", "session": first["session"], "new_password": "weak"}
    assert _said(world.post("/auth/login", body=weak)) == (422, "weak_password")
    chosen = {"login": "ann.lee", "session": first["session"], "new_password": OTHER}
    answer = world.post("/auth/login", body=chosen)
    assert answer.status == 200
    assert answer.json["id_token"].count(".") == 2
    assert _log_in(world, "ann.lee", OTHER).json["challenge"] is None


@pytest.mark.parametrize("session", ["x", "ü", "bm90IGpzb24=", "NQ==", "WzEsIDJd", "WyJhbm4iLCAieCJd"])
def test_an_altered_session_chooses_no_password(world: World, session: str) -> None:
    _with_login_name(world, "ann")
    body = {"login": "ann", "session": session, "new_password": OTHER}
    assert _said(world.post("/auth/login", body=body)) == (401, "log_in_expired")
    assert _said(_log_in(world, "ann", OTHER)) == WRONG_CREDENTIALS


def test_a_session_is_good_once(world: World) -> None:
    _with_login_name(world, "ann")
    session = _log_in(world, "ann").json["session"]
    body = {"login": "ann", "session": session, "new_password": OTHER}
    assert world.post("/auth/login", body=body).status == 200
    assert _said(world.post("/auth/login", body={**body, "new_password": PASSWORD})) == (401, "log_in_expired")


@pytest.mark.parametrize(
    "code",
    [
        "NotAuthorizedException",
        "UserNotFoundException",
        "UserNotConfirmedException",
        "PasswordResetRequiredException",
        "InvalidParameterException",
    ],
)
def test_all_failed_log_ins_are_answered_alike(world: World, code: str) -> None:
    plain = _log_in(world, "nobody@example.com")
    with world.refusing("cognito-idp", "InitiateAuth", code):
        answer = _log_in(world)
    assert _said(answer) == WRONG_CREDENTIALS
    assert answer.json == plain.json


@pytest.mark.parametrize(
    "body",
    [
        {"login": "ann"},
        {"login": "ann", "password": PASSWORD, "session": "x"},
        {"login": "ann", "session": "x"},
        {"login": "ann", "password": PASSWORD, "new_password": OTHER},
    ],
)
def test_a_log_in_is_by_password_or_by_session_and_new_password(world: World, body: dict[str, str]) -> None:
    answer = world.post("/auth/login", body=body)
    assert answer.status == 422
    assert PASSWORD not in answer.text


def test_cognito_out_of_reach_is_no_wrong_password(world: World) -> None:
    with world.refusing("cognito-idp", "InitiateAuth", "TooManyRequestsException"):
        answer = _log_in(world)
    assert answer.status == 503
    assert "retry-after" in answer.headers


# Refreshing


def test_a_refresh_token_brings_new_tokens_and_stays_good(world: World) -> None:
    _account(world)
    first = _log_in(world).json
    answer = world.post("/auth/refresh", body={"refresh_token": first["refresh_token"]})
    assert answer.status == 200
    assert set(answer.json) == {"id_token", "refresh_token", "expires_in"}
    assert answer.json["id_token"] != first["id_token"]
    assert world.post("/auth/refresh", body={"refresh_token": answer.json["refresh_token"]}).status == 200


def test_an_invalid_refresh_token_is_refused(world: World) -> None:
    _account(world)
    for wrong in ("x", _log_in(world).json["id_token"]):
        assert _said(world.post("/auth/refresh", body={"refresh_token": wrong})) == (401, "log_in_expired")


# Forgetting a password


def test_a_forgotten_password_is_replaced_by_the_mailed_code(world: World) -> None:
    _account(world, "forgot@example.com")
    asked = world.post("/auth/forgot", body={"email": "Forgot@example.com"})
    assert (asked.status, asked.json) == (202, {})
    code = code_for(world, "forgot@example.com", count=2)
    body = {"email": "forgot@example.com", "code": code, "new_password": OTHER}
    assert _said(world.post("/auth/reset", body={**body, "code": "000000"})) == (422, "wrong_code")
    assert world.post("/auth/reset", body=body).status == 204
    assert _log_in(world, "forgot@example.com", OTHER).status == 200
    world.now += timedelta(minutes=1)
    assert _said(_log_in(world, "forgot@example.com", PASSWORD)) == WRONG_CREDENTIALS


def test_a_code_resets_once(world: World) -> None:
    _account(world)
    world.post("/auth/forgot", body={"email": "ann@example.com"})
    body = {"email": "ann@example.com", "code": "654321", "new_password": OTHER}
    assert world.post("/auth/reset", body=body).status == 204
    # Sent twice, it is done, and stays so; for another password it is used up.
    assert world.post("/auth/reset", body=body).status == 204
    again = {**body, "new_password": PASSWORD}
    assert _said(world.post("/auth/reset", body=again)) == (422, "wrong_code")


@pytest.mark.parametrize("email", ["ann@example.com", "nobody@example.com"])
def test_a_weak_new_password_is_refused_before_any_account_is_looked_up(world: World, email: str) -> None:
    _account(world)
    answer = world.post("/auth/reset", body={"email": email, "code": "000000", "new_password": "weak"})
    assert _said(answer) == (422, "weak_password")


@pytest.mark.parametrize(
    ("operation", "path", "more", "said"),
    [
        ("ForgotPassword", "/auth/forgot", {}, (202, None)),
        ("ConfirmForgotPassword", "/auth/reset", {"code": "1", "new_password": OTHER}, (422, "wrong_code")),
    ],
)
@pytest.mark.parametrize(
    "code",
    [
        "UserNotFoundException",
        "NotAuthorizedException",
        "InvalidParameterException",
        "LimitExceededException",
        "CodeDeliveryFailureException",
        "TooManyFailedAttemptsException",
    ],
)
def test_cognitos_answer_about_an_account_is_not_passed_on(
    world: World, operation: str, path: str, more: dict[str, str], said: tuple[int, str | None], code: str
) -> None:
    with world.refusing("cognito-idp", operation, code):
        answer = world.post(path, body={"email": "ann@example.com", **more})
    assert (answer.status, answer.json.get("code")) == said


# The rules of passwords


def test_our_rules_are_the_user_pools() -> None:
    policy = resources()["UserPool"]["Properties"]["Policies"]["PasswordPolicy"]
    assert policy["MinimumLength"] == passwords.MIN_LENGTH
    required = {name.removeprefix("Require").lower() for name, wanted in policy.items() if wanted is True}
    assert required == {"lowercase", "uppercase", "numbers"}


def _with_login_name(world: World, login: str) -> None:
    """A member without address, as an admin makes one."""
    cognito, pool = world.client("cognito-idp"), world.stage.environment["USER_POOL_ID"]
    attributes = [{"Name": "preferred_username", "Value": login}]
    cognito.admin_create_user(
        UserPoolId=pool, Username="01ARZ3NDEKTSV4RRFFQ69G5FAV", UserAttributes=attributes, TemporaryPassword=PASSWORD
    )
