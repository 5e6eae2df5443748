"""The words by which a member is found."""

import pytest

from chalicelib.people.members.models import Member
from chalicelib.people.members.states import MemberStatus
from chalicelib.people.members.store import MAX_WORD, entries_of, words_of


def member(status: str = "active", **fields: str) -> Member:
    plain = {"email": "Ann.Lee@Example.com", "first_name": "Ann", "last_name": "Lee"}
    return Member("pk", "sk", member_id="m", status=status, **{**plain, **fields})


def test_an_active_member_is_found_by_names_address_and_login() -> None:
    assert words_of(member(login_name="ALEE")) == ["alee", "ann", "ann lee", "ann.lee@example.com", "lee"]


@pytest.mark.parametrize("status", sorted(set(MemberStatus) - {MemberStatus.ACTIVE, MemberStatus.ARCHIVED}))
def test_who_has_not_accepted_is_found_by_the_address_only(status: str) -> None:
    assert words_of(member(status)) == ["ann.lee@example.com"]


def test_a_member_without_names_or_address_is_not_searched_for() -> None:
    assert words_of(member(email="", first_name="", last_name="")) == []


def test_only_one_name_gives_one_word() -> None:
    assert words_of(member(email="", last_name="")) == ["ann"]


def test_long_names_stay_within_what_a_key_can_hold() -> None:
    entries = entries_of("o", member(first_name="🦉" * 300, last_name="ﷺ" * 300))
    assert max(len(str(entry.sk).encode()) for entry in entries) <= 1024
    assert all(len(word) <= MAX_WORD for word in words_of(member(first_name="ﷺ" * 300)))


def test_entries_come_once_though_a_group_is_named_twice() -> None:
    made = member()
    made.group_ids = ["g", "g"]
    keys = [entry.key for entry in entries_of("o", made)]
    assert len(keys) == len(set(keys))
