"""What lies in a world and what its test knows of it, kept so that the next test need not build it again."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from tests import cloud_state
from tests.faults.fake_sqs import Delivery

if TYPE_CHECKING:
    from tests.faults.inviting_scenarios import People

R = TypeVar("R")

_IDS = ("tenant", "people", "course_id", "org_id", "group_id", "org_admin")


@dataclass
class _Kept:
    state: bytes
    # Copied together, so that a message which the test holds is the one that waits.
    result: Any
    waiting: list[Delivery]
    ids: dict[str, Any]
    accounts: dict[str, str]
    msps: dict[str, str]
    now: datetime
    num_made: int


_KEPT: dict[tuple[str, ...], _Kept] = {}


def built_once(people: "People", build: Callable[["People"], R]) -> R:
    """What `build` gives. It depends on nothing but what was built in this way before."""
    people.built += (f"{build.__module__}.{build.__qualname__}",)
    if people.built in _KEPT:
        result: R = _bring(people, _KEPT[people.built])
        return result
    result = build(people)
    _KEPT[people.built] = _keep(people, result)
    return result


def _keep(people: "People", result: Any) -> _Kept:
    world = people.world
    people.outside.take()
    # The sweep wakes the mailer whenever mail waits.
    world.messages("mail")
    return copy.deepcopy(
        _Kept(
            cloud_state.keep(),
            result, people.outside.waiting, {name: getattr(people, name) for name in _IDS},
            world._email_by_account, world._msp_by_org, world.now, world._num_made,
        )
    )  # fmt: skip


def _bring(people: "People", known: _Kept) -> Any:
    kept, world = copy.deepcopy(known), people.world
    for name, value in kept.ids.items():
        setattr(people, name, value)
    people.outside.waiting = kept.waiting
    world._email_by_account, world._msp_by_org = kept.accounts, kept.msps
    world.now, world._num_made = kept.now, kept.num_made
    cloud_state.bring_back(kept.state)
    return kept.result
