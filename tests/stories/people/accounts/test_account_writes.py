"""Changes of address and login names, write by write: a code proves the change that it was mailed for, and no other."""

from datetime import timedelta

import pytest

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed
from chalicelib.people.accounts import email_change_store, login_name_store
from chalicelib.people.accounts.models import EmailChange, LoginNameClaim
from tests.harness import World


def _mail(mail_id: str = "m") -> list[Write]:
    """Whatever is written once."""
    return [table.put_new(LoginNameClaim(f"MAIL#{mail_id}", "MAIL", org_id="", member_id=""))]


def _num_mails(world: World) -> int:
    return len([item for short in ("core", "outbox") for item in world.dump(short) if item["pk"].startswith("MAIL#")])


def _asks(world: World, change_id: str = "m", email: str = "new@example.com", account_id: str = "ann") -> EmailChange:
    email_change_store.put_change(account_id, change_id, email, _mail(f"{account_id}{change_id}"), world.now)
    return _stored(account_id)


def _stored(account_id: str = "ann") -> EmailChange:
    found = email_change_store.change_of(account_id)
    assert found is not None
    return found


def _coded(world: World, code_hash: str = "m") -> EmailChange:
    change = _asks(world)
    assert email_change_store.set_code(change, code_hash, world.now)
    return _stored()


# ------------------------------------------------------------ changes of address


def test_the_latest_change_of_an_account_is_kept_for_a_day(world: World) -> None:
    assert email_change_store.change_of("ann") is None
    _coded(world)
    change = _asks(world, "n", "newer@example.com")
    _asks(world, account_id="bob")
    assert (change.change_id, change.email, change.num_tries) == ("n", "newer@example.com", 0)
    assert (change.code_hash, change.proven_at, _stored("bob").email) == (None, None, "new@example.com")
    assert change.ttl == int((world.now + timedelta(days=1)).timestamp())


def test_a_request_that_was_served_replaces_nothing(world: World) -> None:
    _asks(world)
    _asks(world, "n", "newer@example.com")
    with pytest.raises(ConditionFailed):
        _asks(world)
    assert _stored().email == "newer@example.com"


def test_a_code_is_for_a_change_that_is_the_latest_and_open(world: World) -> None:
    change = _asks(world)
    assert email_change_store.set_code(change, "first", world.now)
    assert email_change_store.set_code(change, "second", world.now)
    assert _stored().code_hash == "second"
    for change_id in ("a", "z"):
        _asks(world, change_id)
        assert not email_change_store.set_code(change, "late", world.now)
        assert _stored().code_hash is None


def test_a_change_that_was_proven_gets_no_other_code(world: World) -> None:
    change = _coded(world)
    assert email_change_store.prove(change, world.now)
    assert not email_change_store.set_code(change, "another", world.now)
    assert _stored().code_hash == "m"


def test_a_change_is_proven_by_its_code_and_kept_for_another_day(world: World) -> None:
    change = _coded(world)
    later = world.now + timedelta(hours=3)
    assert email_change_store.prove(change, later)
    proven = _stored()
    assert (proven.proven_at, proven.email) == (to_text(later), "new@example.com")
    assert proven.ttl == int((later + timedelta(days=1)).timestamp())


@pytest.mark.parametrize(
    ("change_id", "code_hash"), [("m", "a"), ("m", "z"), ("a", "m"), ("z", "m"), ("a", "a"), ("z", "z"), ("m", None)]
)
def test_a_code_that_was_replaced_proves_nothing_and_is_not_counted(
    world: World, change_id: str, code_hash: str | None
) -> None:
    """By what comes before or behind in the alphabet."""
    change = _coded(world)
    by_now = EmailChange(*change.key, change_id=change_id, email="evil@example.com", code_hash=code_hash, ttl=9)
    table.transact([Write("put", by_now)])
    assert not email_change_store.prove(change, world.now)
    assert not email_change_store.count_try(change)
    assert (_stored().proven_at, _stored().num_tries, _stored().ttl) == (None, 0, 9)


def test_tries_of_a_change_are_counted_up_to_five(world: World) -> None:
    change = _coded(world)
    assert [email_change_store.count_try(change) for _ in range(6)] == [True] * 5 + [False]
    assert _stored().num_tries == 5


def test_a_change_that_is_gone_is_neither_proven_nor_made_anew(world: World) -> None:
    change = _coded(world)
    table.transact([Write("delete", EmailChange(*change.key))])
    assert not email_change_store.prove(change, world.now)
    assert not email_change_store.count_try(change)
    assert not email_change_store.set_code(change, "m", world.now)
    assert email_change_store.change_of("ann") is None


def test_the_old_address_is_told_once_and_kept_for_a_week(world: World) -> None:
    assert email_change_store.old_email("ann", "1") is None
    email_change_store.put_notice("ann", "1", "old@example.com", _mail("1"), world.now)
    # Again, with whatever: the first stays.
    email_change_store.put_notice("ann", "1", "new@example.com", _mail("2"), world.now)
    assert (email_change_store.old_email("ann", "1"), _num_mails(world)) == ("old@example.com", 1)
    assert (email_change_store.old_email("ann", "2"), email_change_store.old_email("bob", "1")) == (None, None)
    (kept,) = [item for item in world.dump("outbox") if item["sk"].startswith("NOTICE#")]
    assert kept["ttl"] == int((world.now + timedelta(days=7)).timestamp())


def test_a_notice_is_not_kept_without_its_mail(world: World) -> None:
    table.transact(_mail("1"))
    email_change_store.put_notice("ann", "1", "old@example.com", _mail("1"), world.now)
    assert email_change_store.old_email("ann", "1") is None


# ------------------------------------------------------------ login names


def test_a_login_name_is_whose_it_was_first(world: World) -> None:
    assert login_name_store.claim("ann", "o", "m") is None
    for org_id, member_id in (("o", "n"), ("p", "m"), ("o", "m")):
        claimed = login_name_store.claim("ann", org_id, member_id)
        assert claimed is not None
        assert (claimed.org_id, claimed.member_id) == ("o", "m")
    assert login_name_store.claim("bob", "o", "m") is None


@pytest.mark.parametrize("by_now", ["a", "z"])
def test_a_login_name_is_taken_over_from_who_had_it_and_from_nobody_else(world: World, by_now: str) -> None:
    login_name_store.claim("ann", "o", "m")
    claimed = login_name_store.claim("ann", "o", "x")
    assert claimed is not None
    login_name_store.take_over(claimed, by_now)
    with pytest.raises(ConditionFailed):
        login_name_store.take_over(claimed, "x")
    kept = login_name_store.claim("ann", "o", "x")
    assert kept is not None
    assert (kept.member_id, kept.org_id) == (by_now, "o")


@pytest.mark.parametrize("other", ["a", "z"])
def test_what_is_written_for_a_login_name_is_written_for_who_has_it(world: World, other: str) -> None:
    login_name_store.claim("ann", "o", "m")
    table.transact([login_name_store.claim_check("ann", "m")])
    for name, member_id in (("ann", other), ("bob", "m")):
        with pytest.raises(ConditionFailed):
            table.transact([login_name_store.claim_check(name, member_id)])
