"""Accounts in Cognito, found and changed by those who may."""

import pytest

from chalicelib.aws.identity import identity
from chalicelib.core.errors import NotFound
from tests.harness import World

NOBODY = "6f1e2a44-9a52-4d53-9f3e-3c7f0a1f2b11"


def _made(world: World, email: str) -> str:
    return identity().account_for(email, world.now)


def test_an_account_is_given_a_proven_address_and_loses_the_one_before(world: World) -> None:
    known, account = identity(), _made(world, "ann@example.com")
    assert known.give_address(account, "Ann.Lee@New.example")
    assert known.find("ann.lee@new.example") == account
    assert known.find("ann@example.com") is None


def test_giving_it_again_changes_nothing(world: World) -> None:
    known, account = identity(), _made(world, "ann@example.com")
    assert known.give_address(account, "ann@new.example")
    with world.refusing("cognito-idp", "AdminUpdateUserAttributes", "InternalErrorException"):
        assert known.give_address(account, "ann@new.example")


def test_what_is_another_accounts_stays_there(world: World) -> None:
    known, ann, bob = identity(), _made(world, "ann@example.com"), _made(world, "bob@example.com")
    assert not known.give_address(ann, "BOB@example.com")
    assert known.find("bob@example.com") == bob
    assert known.find("ann@example.com") == ann


@pytest.mark.parametrize("account_id", [NOBODY, 'x" or sub ^= "', "\\"])
def test_an_account_that_there_is_not_gets_no_address(world: World, account_id: str) -> None:
    _made(world, "ann@example.com")
    with pytest.raises(NotFound):
        identity().give_address(account_id, "ann@new.example")
    assert identity().find("ann@new.example") is None
