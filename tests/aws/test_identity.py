"""Accounts in Cognito: find them, and change their address."""

import pytest

from chalicelib.aws.identity import identity
from chalicelib.core.errors import NotFound
from tests.harness import World

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
