"""Accounts in Cognito: find them, and change their address."""

import html
from datetime import datetime, timedelta
from typing import Any

import pytest
from ministack.services import cognito

from chalicelib.aws.accounts import Accounts, PasswordDue, Refused, Tokens
from chalicelib.aws.identity import identity
from chalicelib.core.errors import Invalid, NotFound
from tests.harness import World
from tests.stories.inbox import mails_to

NOBODY = "6f1e2a44-9a52-4d53-9f3e-3c7f0a1f2b11"


def _account(world: World, email: str) -> str:
    return identity().account_for(email, world.now)


def test_an_account_gets_a_verified_address_in_place_of_the_old_one(world: World) -> None:
    accounts, account = identity(), _account(world, "ann@example.com")
    assert accounts.give_address(account, "Ann.Lee@New.example")
    assert accounts.find("ann.lee@new.example") == account
    assert accounts.find("ann@example.com") is None


def test_giving_it_again_changes_nothing(world: World) -> None:
    accounts, account = identity(), _account(world, "ann@example.com")
    assert accounts.give_address(account, "ann@new.example")
    with world.refusing("cognito-idp", "AdminUpdateUserAttributes", "InternalErrorException"):
        assert accounts.give_address(account, "ann@new.example")


def test_an_address_of_another_account_is_refused(world: World) -> None:
    accounts, ann, bob = identity(), _account(world, "ann@example.com"), _account(world, "bob@example.com")
    assert not accounts.give_address(ann, "BOB@example.com")
    assert accounts.find("bob@example.com") == bob
    assert accounts.find("ann@example.com") == ann


@pytest.mark.parametrize("account_id", [NOBODY, 'x" or sub ^= "', "\\"])
def test_an_unknown_account_gets_no_address(world: World, account_id: str) -> None:
    _account(world, "ann@example.com")
    with pytest.raises(NotFound):
        identity().give_address(account_id, "ann@new.example")
    assert identity().find("ann@new.example") is None


# First passwords


def _user(world: World) -> dict[str, Any]:
    """The one user, as Cognito keeps it."""
    pool = cognito._user_pools[world.stage.environment["USER_POOL_ID"]]
    (user,) = pool["_users"].values()
    return dict(user)


def _as_of(world: World, when: datetime) -> None:
    pool = cognito._user_pools[world.stage.environment["USER_POOL_ID"]]
    for user in pool["_users"].values():
        user["UserLastModifiedDate"] = when.timestamp()


def _accounts(world: World) -> Accounts:
    return Accounts(world.stage.environment["USER_POOL_ID"], world.stage.environment["USER_POOL_CLIENT_ID"])


def test_who_missed_the_days_of_the_first_password_is_mailed_another(world: World) -> None:
    email = "late@first.example"
    account, first = _account(world, email), _user(world)["_password"]
    _as_of(world, datetime.now(world.now.tzinfo) - timedelta(days=8))
    with pytest.raises(Refused, match="NotAuthorized"):
        _accounts(world).log_in(email, first)
    assert _account(world, email) == account
    second = _user(world)["_password"]
    mailed = mails_to(world.cloud, email)
    assert len(mailed) == 2
    assert html.escape(second) in str(mailed[-1]) or second in str(mailed[-1])
    with pytest.raises(Refused, match="NotAuthorized"):
        _accounts(world).log_in(email, first)
    due = _accounts(world).log_in(email, second)
    assert isinstance(due, PasswordDue)
    assert isinstance(_accounts(world).answer_with_password(due, "Battery-staple-8"), Tokens)


def test_a_first_password_of_today_stays_and_so_does_one_that_was_chosen(world: World) -> None:
    email = "early@first.example"
    _account(world, email)
    first = _user(world)["_password"]
    _as_of(world, world.now - timedelta(hours=23))
    _account(world, email)
    assert _user(world)["_password"] == first
    due = _due(world, email, first)
    assert isinstance(_accounts(world).answer_with_password(due, "Battery-staple-8"), Tokens)
    _as_of(world, world.now - timedelta(days=30))
    _account(world, email)
    assert len(mails_to(world.cloud, email)) == 1


def _due(world: World, email: str, password: str) -> PasswordDue:
    _as_of(world, datetime.now(world.now.tzinfo))
    due = _accounts(world).log_in(email, password)
    assert isinstance(due, PasswordDue)
    return due


@pytest.mark.parametrize("code", ["UnsupportedUserStateException", "CodeDeliveryFailureException"])
def test_who_logs_in_at_that_moment_or_cannot_be_mailed_has_an_account_all_the_same(world: World, code: str) -> None:
    account = _account(world, "ann@example.com")
    _as_of(world, world.now - timedelta(days=8))
    with world.refusing("cognito-idp", "AdminCreateUser", code):
        assert _account(world, "ann@example.com") == account


# What no account can have

LONG = "a" * 64 + "@" + "b" * 60 + ".example"


def test_an_address_that_no_account_can_have_is_refused_before_cognito_is_asked(world: World) -> None:
    account = _account(world, "ann@example.com")
    with pytest.raises(Invalid):
        _account(world, LONG)
    with pytest.raises(Invalid):
        identity().give_address(account, LONG)
    assert identity().find(LONG) is None


@pytest.mark.parametrize("operation", ["AdminCreateUser", "AdminUpdateUserAttributes"])
def test_an_address_that_cognito_does_not_take_is_no_fault_of_ours(world: World, operation: str) -> None:
    account = _account(world, "ann@example.com")
    give = {
        "AdminCreateUser": lambda: _account(world, "bob@example.com"),
        "AdminUpdateUserAttributes": lambda: identity().give_address(account, "bob@example.com"),
    }[operation]
    with world.refusing("cognito-idp", operation, "InvalidParameterException"), pytest.raises(Invalid):
        give()


@pytest.mark.parametrize(("verified", "is_known"), [("true", True), ("false", False), (None, False)])
def test_a_person_whose_address_was_never_proven_is_nobody(
    world: World, verified: str | None, *, is_known: bool
) -> None:
    attributes = [{"Name": "email", "Value": "ann@example.com"}]
    attributes += [{"Name": "email_verified", "Value": verified}] if verified else []
    world.client("cognito-idp").admin_create_user(
        UserPoolId=world.stage.environment["USER_POOL_ID"], Username="ann", UserAttributes=attributes,
        MessageAction="SUPPRESS",
    )  # fmt: skip
    assert (identity().person("ann") is not None) == is_known
