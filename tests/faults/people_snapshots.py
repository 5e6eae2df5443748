"""Scenarios of invitations that are built once: further tests get a copy of tables, schedules, files and queues."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from tests.faults import cloud_digest
from tests.faults.chance import Position, chance
from tests.faults.fake_sqs import Delivery

if TYPE_CHECKING:
    from tests.faults.inviting_scenarios import People

R = TypeVar("R")

_IDS = ("tenant", "people", "course_id", "org_id", "group_id", "org_admin")


@dataclass
class _Snapshot:
    state: bytes
    # Copied together, so that a message which the test holds is the same object as the one in the queue.
    result: Any
    waiting: list[Delivery]
    ids: dict[str, Any]
    accounts: dict[str, str]
    msps: dict[str, str]
    now: datetime
    num_made: int
    chance: Position


_SNAPSHOTS: dict[tuple[str, ...], _Snapshot] = {}


def built_once(people: "People", build: Callable[["People"], R]) -> R:
    """The result of `build`, which depends only on what was built before it in this way."""
    people.built += (f"{build.__module__}.{build.__qualname__}",)
    if people.built in _SNAPSHOTS:
        result: R = _restore(people, _SNAPSHOTS[people.built])
        return result
    result = build(people)
    _SNAPSHOTS[people.built] = _take(people, result)
    return result


def _take(people: "People", result: Any) -> _Snapshot:
    world = people.world
    people.outside.take()
    # The sweep wakes the mailer whenever mail waits.
    world.messages("mail")
    return copy.deepcopy(
        _Snapshot(
            cloud_digest.snapshot(),
            result, people.outside.waiting, {name: getattr(people, name) for name in _IDS},
            world._email_by_account, world._msp_by_org, world.now, world._num_made, chance.position,
        )
    )  # fmt: skip


def _restore(people: "People", snapshot: _Snapshot) -> Any:
    copied, world = copy.deepcopy(snapshot), people.world
    for name, value in copied.ids.items():
        setattr(people, name, value)
    people.outside.waiting = copied.waiting
    world._email_by_account, world._msp_by_org = copied.accounts, copied.msps
    world.now, world._num_made = copied.now, copied.num_made
    chance.position = copied.chance
    cloud_digest.restore(copied.state)
    return copied.result
