"""The latest change of a member lies on the member, those before it are items of their own."""

from datetime import UTC, datetime
from typing import Any

from chalicelib.people.members import store
from chalicelib.people.members.models import Member, MemberChange, member_sk, members_pk

NOW = datetime(2027, 1, 4, 10, tzinfo=UTC)


def _member(**fields: Any) -> Member:
    return Member(
        members_pk("o"), member_sk("m"), member_id="m", status="active", email="ann@example.com",
        created_at="2027-01-01T00:00:00Z", **fields,
    )  # fmt: skip


def _changed(before: Member, **fields: Any) -> tuple[Member, list[MemberChange]]:
    """The member afterwards, and what is kept beside it."""
    after = store.copy_with(before, **fields)
    writes = store.change_writes("o", before, after, NOW)
    return after, [write.item for write in writes if isinstance(write.item, MemberChange)]


def test_the_first_change_is_kept_on_the_member_alone() -> None:
    after, kept = _changed(_member(), department_id="d1")
    assert kept == []
    assert after.last_change == {"revision": 0, "at": "2027-01-04T10:00:00Z", "before": {"department_id": None}}


def test_the_next_one_makes_it_an_item_of_its_own() -> None:
    first, _ = _changed(_member(), department_id="d1")
    second, (kept,) = _changed(first, department_id="d2")
    assert (kept.sk, kept.before) == ("00000000", {"department_id": None})
    assert second.last_change["revision"] == 1
    assert second.last_change["before"] == {"department_id": "d1"}


def test_what_decides_nothing_leaves_it_there() -> None:
    first, _ = _changed(_member(), department_id="d1")
    second, kept = _changed(first, first_name="Ann")
    assert (second.last_change, kept) == (first.last_change, [])


def test_a_long_one_is_an_item_of_its_own_at_once_and_so_is_the_one_before() -> None:
    first, _ = _changed(_member(group_ids=[f"01MBG28E80G54SRPFBPYHDSG{n:02d}" for n in range(9)]), department_id="d1")
    second, kept = _changed(first, group_ids=[])
    assert second.last_change is None
    assert [one.sk for one in kept] == ["00000000", "00000001"]
    assert Member.from_raw_data(second.serialize()).last_change is None
