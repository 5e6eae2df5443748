"""Recipients as DynamoDB gives them. Rosters of groups also hold people who have not accepted."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chalicelib.aws.clients import client
from chalicelib.people.members.models import group_roster_pk, learners_pk
from chalicelib.training.batches.models import bounds_of
from chalicelib.training.batches.recipients import Recipients, member_ids, partition_of
from tests.harness import World


@pytest.mark.parametrize("status", ["prospect", "pending", "declined", "cancelled", "archived"])
def test_only_active_members_are_recipients(world: World, status: str) -> None:
    org = world.org(world.msp())
    group = world.group(org)
    active = world.member(org, [group])
    world.member(org, [group], status=status)
    for roster in (learners_pk(org), group_roster_pk(org, group)):
        assert list(member_ids(Recipients([roster]))) == [active]


def test_groups_are_joined_and_exclusions_taken_out_in_the_order_of_ids(world: World) -> None:
    org = world.org(world.msp())
    one, two, out = (world.group(org) for _ in range(3))
    first = world.members(org, 3, [one])
    both = world.members(org, 3, [one, two])
    world.members(org, 3, [two, out])
    rosters = [group_roster_pk(org, group) for group in (one, two)]
    recipients = Recipients(rosters, [group_roster_pk(org, out)])
    assert list(member_ids(recipients)) == sorted(first + both)


def test_ranges_of_a_roster_meet_everybody_once_and_late_joiners_too(world: World) -> None:
    org = world.org(world.msp())
    early = world.members(org, 23)
    recipients = Recipients([learners_pk(org)])
    partition = partition_of(recipients, 5)
    assert partition.sizes == [5, 5, 5, 5, 3]
    late = world.members(org, 9)
    met = [
        member_id
        for chunk in range(len(partition.bounds))
        for member_id in member_ids(recipients, *bounds_of(partition.bounds, chunk))
    ]
    assert met == sorted(early + late)


def test_a_roster_is_read_over_all_its_pages_even_empty_ones(world: World) -> None:
    org = world.org(world.msp())
    group = world.group(org)
    active = sorted(world.members(org, 10, [group]))
    world.members(org, 10, [group], status="pending")
    recipients = Recipients([group_roster_pk(org, group)])
    with _short_pages(3):
        assert list(member_ids(recipients)) == active
        assert list(member_ids(recipients, active[3], active[7])) == active[4:8]


@contextmanager
def _short_pages(size: int) -> Iterator[None]:
    """A page ends after so many items; DynamoDB's own end after 1 MB."""

    def shorten(params: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**params, "Limit": size}

    events = client("dynamodb").meta.events
    events.register("provide-client-params.dynamodb.Query", shorten)
    try:
        yield
    finally:
        events.unregister("provide-client-params.dynamodb.Query", shorten)
