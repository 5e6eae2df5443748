"""The client's secret: without its proof Cognito does nothing for anybody, and Muster proves it in every call."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from chalicelib.aws.accounts import Accounts, PasswordDue, Refused, Tokens
from chalicelib.aws.failures import StorageFailure
from tests.harness import World
from tests.stories.inbox import code_for

NAME = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
EMAIL = "ann@example.com"
PASSWORD, OTHER = "Correct-horse-7", "Battery-staple-8"

UNPROVEN: list[tuple[str, dict[str, Any]]] = [
    ("sign_up", {"Username": NAME, "Password": PASSWORD}),
    ("confirm_sign_up", {"Username": NAME, "ConfirmationCode": "123456"}),
    ("resend_confirmation_code", {"Username": NAME}),
    ("forgot_password", {"Username": EMAIL}),
    ("confirm_forgot_password", {"Username": EMAIL, "ConfirmationCode": "123456", "Password": OTHER}),
    (
        "initiate_auth",
        {"AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": {"USERNAME": EMAIL, "PASSWORD": PASSWORD}},
    ),
]


@pytest.fixture
def accounts(world: World) -> Accounts:
    return Accounts(world.stage.environment["USER_POOL_ID"], world.stage.environment["USER_POOL_CLIENT_ID"])


def _registered(world: World, accounts: Accounts) -> Tokens:
    accounts.sign_up(NAME, PASSWORD, {"email": EMAIL})
    accounts.confirm_sign_up(NAME, code_for(world, EMAIL))
    found = accounts.log_in(EMAIL, PASSWORD)
    assert isinstance(found, Tokens)
    return found


@pytest.mark.parametrize(("operation", "parameters"), UNPROVEN, ids=[name for name, _ in UNPROVEN])
@pytest.mark.parametrize("proof", [None, "d3Jvbmc="])
def test_who_knows_only_the_client_s_id_is_refused(
    world: World, accounts: Accounts, operation: str, parameters: dict[str, Any], proof: str | None
) -> None:
    _registered(world, accounts)
    asked = dict(parameters)
    if proof is not None and "AuthParameters" in asked:
        asked["AuthParameters"] = {**asked["AuthParameters"], "SECRET_HASH": proof}
    elif proof is not None:
        asked["SecretHash"] = proof
    call: Callable[..., Any] = getattr(world.client("cognito-idp"), operation)
    with pytest.raises(ClientError, match=r"(?i)secret.hash"):
        call(ClientId=accounts.client_id, **asked)


def test_every_call_proves_the_secret_whichever_name_it_goes_by(world: World, accounts: Accounts) -> None:
    tokens = _registered(world, accounts)
    accounts.mail_reset_code(EMAIL)
    accounts.reset(EMAIL, code_for(world, EMAIL, count=2), OTHER)
    assert isinstance(accounts.log_in(NAME, OTHER), Tokens)
    # Logged in by the address, refreshed by the user's own name.
    fresh = accounts.refresh(tokens.refresh_token)
    assert fresh.claims()["cognito:username"] == NAME
    assert accounts.refresh(fresh.refresh_token).claims()["sub"] == tokens.claims()["sub"]


def test_a_first_password_is_replaced_with_the_proof_of_the_user_s_own_name(world: World, accounts: Accounts) -> None:
    world.client("cognito-idp").admin_create_user(
        UserPoolId=accounts.user_pool_id,
        Username=NAME,
        UserAttributes=[{"Name": "email", "Value": EMAIL}, {"Name": "email_verified", "Value": "true"}],
        TemporaryPassword=PASSWORD,
    )
    due = accounts.log_in(EMAIL, PASSWORD)
    assert isinstance(due, PasswordDue)
    assert isinstance(accounts.answer_with_password(due, OTHER), Tokens)


def test_an_address_too_long_to_log_in_by_is_not_registered(world: World, accounts: Accounts) -> None:
    local, domain = "a" * 64, "b" * 60 + ".example"
    with pytest.raises(Refused, match="InvalidParameter"):
        accounts.sign_up(NAME, PASSWORD, {"email": f"{local}@{domain}"})
    assert world.client("cognito-idp").list_users(UserPoolId=accounts.user_pool_id)["Users"] == []


@pytest.mark.parametrize("altered", [lambda token: token.partition(":")[2], lambda token: "bob" + token, lambda _: ":"])
def test_an_altered_refresh_token_is_refused_as_nobody_s_mistake_but_its_owner_s(
    world: World, accounts: Accounts, altered: Callable[[str], str]
) -> None:
    tokens = _registered(world, accounts)
    with pytest.raises(Refused):
        accounts.refresh(altered(tokens.refresh_token))


def test_the_secret_is_asked_for_once(world: World, accounts: Accounts) -> None:
    asked: list[str] = []
    with world.answering("cognito-idp", "DescribeUserPoolClient", lambda **_: asked.append("again")):
        _registered(world, accounts)
        accounts.mail_reset_code(EMAIL)
    assert asked == ["again"]


def test_a_secret_that_is_no_longer_right_is_our_fault_and_not_a_wrong_password(
    world: World, accounts: Accounts
) -> None:
    _registered(world, accounts)
    refusal = {
        "Error": {"Code": "NotAuthorizedException", "Message": "Unable to verify secret hash for client x"},
        "ResponseMetadata": {"HTTPStatusCode": 400},
    }
    with (
        world.answering("cognito-idp", "InitiateAuth", lambda **_: (AWSResponse("", 400, {}, None), refusal)),
        pytest.raises(StorageFailure),
    ):
        accounts.log_in(EMAIL, PASSWORD)
