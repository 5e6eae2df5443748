"""Recipients: rosters included and excluded, partitioned so that everybody is in exactly one range.

Rosters are sets in memory here; tests/aws/test_recipients.py reads them from DynamoDB.
"""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.training.batches import recipients as module
from chalicelib.training.batches.models import Partition, bounds_of
from chalicelib.training.batches.recipients import Recipients, member_ids, partition_of, recipients_of
from chalicelib.training.batches.schemas import Targeting

members = st.text("0123456789ABZ", min_size=1, max_size=3)
rosters = st.lists(st.frozensets(members), max_size=3)
sizes = st.integers(1, 5)

_rosters: dict[str, set[str]] = {}


def _sort_keys(
    _: str, pk: str, *, after: str, until: str | None, only: tuple[str, str], among: object
) -> Iterator[str]:
    assert only == ("status", "active")
    for member_id in sorted(_rosters[pk]):
        key = f"MEMBER#{member_id}"
        if key > after and (until is None or key <= until):
            yield key


@pytest.fixture(autouse=True, scope="module")
def _in_memory() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "sort_keys", _sort_keys)
        patch.setattr(module, "settings", lambda: SimpleNamespace(core_table="core"))
        yield


def _stored(include: list[frozenset[str]], exclude: list[frozenset[str]]) -> Recipients:
    _rosters.clear()
    _rosters.update({f"include {index}": set(roster) for index, roster in enumerate(include)})
    _rosters.update({f"exclude {index}": set(roster) for index, roster in enumerate(exclude)})
    return Recipients(*([name for name in _rosters if name.startswith(side)] for side in ("include", "exclude")))


def _expected(include: list[frozenset[str]], exclude: list[frozenset[str]]) -> list[str]:
    return sorted(frozenset().union(*include) - frozenset().union(*exclude))


def _by_range(recipients: Recipients, partition: Partition) -> list[list[str]]:
    return [list(member_ids(recipients, *bounds_of(partition.bounds, chunk))) for chunk in range(len(partition.bounds))]


# ---------------------------------------------------------------- who


@given(rosters, rosters)
def test_recipients_are_the_union_without_the_excluded_each_once_and_sorted(
    include: list[frozenset[str]], exclude: list[frozenset[str]]
) -> None:
    recipients = _stored(include, exclude)
    assert list(member_ids(recipients)) == _expected(include, exclude)


def test_an_exclusion_wins_over_every_group() -> None:
    recipients = _stored([frozenset("AB"), frozenset("BZ")], [frozenset("B")])
    assert list(member_ids(recipients)) == ["A", "Z"]


def test_no_roster_is_nobody() -> None:
    assert list(member_ids(Recipients([]))) == []
    assert partition_of(Recipients([])).bounds == []


def test_all_means_the_roster_of_learners() -> None:
    assert recipients_of(Targeting(), "o", []) == Recipients(["ORG#o#LEARNERS"], [])


def test_groups_mean_their_rosters() -> None:
    targeting = Targeting(mode="groups", group_ids=["g1", "g2"])
    assert recipients_of(targeting, "o", []) == Recipients(["ORG#o#GROUP#g1", "ORG#o#GROUP#g2"], ())


def test_all_but_groups_means_learners_without_these_rosters() -> None:
    targeting = Targeting(mode="exclude_groups", group_ids=["g1"])
    assert recipients_of(targeting, "o", []) == Recipients(["ORG#o#LEARNERS"], ["ORG#o#GROUP#g1"])


def test_group_names_mean_the_groups_of_this_client_that_have_them() -> None:
    targeting = Targeting(mode="group_names", group_names=["Finance"])
    assert recipients_of(targeting, "o", ["g7"]) == Recipients(["ORG#o#GROUP#g7"], ())
    assert recipients_of(targeting, "o", []) == Recipients([], ())


def test_recipients_are_kept_with_a_partition_and_read_back() -> None:
    recipients = Recipients(["ORG#o#LEARNERS"], ["ORG#o#GROUP#g1"])
    assert Recipients.from_json(recipients.as_json()) == recipients


# ---------------------------------------------------------------- ranges


@given(rosters, rosters, sizes)
def test_every_recipient_is_in_exactly_one_range(
    include: list[frozenset[str]], exclude: list[frozenset[str]], size: int
) -> None:
    recipients = _stored(include, exclude)
    partition = partition_of(recipients, size)
    found_by_range = _by_range(recipients, partition)
    assert [member_id for found in found_by_range for member_id in found] == _expected(include, exclude)
    assert [len(found) for found in found_by_range] == partition.sizes


@given(rosters, sizes)
def test_ranges_are_full_but_for_the_last(include: list[frozenset[str]], size: int) -> None:
    partition = partition_of(_stored(include, []), size)
    assert all(found == size for found in partition.sizes[:-1])
    assert all(0 < found <= size for found in partition.sizes)
    assert partition.total == len(_expected(include, []))


@given(st.frozensets(members, min_size=1), st.frozensets(members), sizes)
def test_who_joins_after_the_partition_falls_into_exactly_one_range(
    early: frozenset[str], late: frozenset[str], size: int
) -> None:
    recipients = _stored([early], [])
    partition = partition_of(recipients, size)
    _rosters["include 0"] |= late
    found_by_range = [member_id for found in _by_range(recipients, partition) for member_id in found]
    assert found_by_range == sorted(early | late)


@given(st.frozensets(members, min_size=1), st.frozensets(members), sizes)
def test_who_leaves_after_the_partition_is_in_no_range(early: frozenset[str], gone: frozenset[str], size: int) -> None:
    recipients = _stored([early], [])
    partition = partition_of(recipients, size)
    _rosters["include 0"] -= gone
    found_by_range = [member_id for found in _by_range(recipients, partition) for member_id in found]
    assert found_by_range == sorted(early - gone)


def test_the_last_range_is_open_and_the_others_end_with_a_member() -> None:
    bounds = ["B", "D", "F"]
    assert [bounds_of(bounds, chunk) for chunk in range(3)] == [("", "B"), ("B", "D"), ("D", None)]
