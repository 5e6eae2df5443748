"""Scenarios that are built once: further tests get a copy of what the first one left in the local cloud.

Most tests of a file begin alike and differ in the fault that follows. Building would take half of their time.
"""

import copy
import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from chalicelib.training.auto_enrollment import enroll_group
from chalicelib.training.batches import cancel, recipients, reconcile
from chalicelib.training.bulk_changes import undo
from chalicelib.training.course_mails import service as course_mails
from chalicelib.training.rollouts import preview
from tests.faults import cloud_digest
from tests.faults.chance import Position, chance
from tests.faults.harness import FaultHarness

P = ParamSpec("P")
R = TypeVar("R")


@dataclass
class _Snapshot:
    """The state of the local cloud, and the values that the test got."""

    state: bytes
    # Copied together, so that a message which the test holds is the same object as the one in the queue.
    values: Any
    now: datetime
    num_made: int
    chunk_size: tuple[int, ...] | None
    chance: Position


class _Placeholder:
    """In place of the harness of the test that takes the snapshot: each test has its own."""


_HARNESS = _Placeholder()
_snapshots: dict[Any, _Snapshot] = {}


def built_once(build: Callable[Concatenate[FaultHarness, P], R]) -> Callable[Concatenate[FaultHarness, P], R]:
    """For a scenario that a test begins with, and that depends on its arguments only. Later ones are built anew."""

    @functools.wraps(build)
    def from_snapshot(play: FaultHarness, *args: P.args, **more: P.kwargs) -> R:
        if not play.is_fresh():
            return build(play, *args, **more)
        key = (build.__module__, build.__qualname__, repr(args), repr(more), _settings())
        play.begin()
        if key in _snapshots:
            return _restore(play, _snapshots[key])
        result = build(play, *args, **more)
        _snapshots[key] = _take(play, result)
        return result

    return from_snapshot


def _settings() -> tuple[Any, ...]:
    """Settings that tests change before they build."""
    return (
        recipients.partition_of.__defaults__, reconcile._ROWS_AT_ONCE, cancel.ROWS_AT_ONCE, undo.ROWS_AT_ONCE,
        course_mails._PER_PAGE, course_mails._PER_MESSAGE, preview._PER_MESSAGE, enroll_group._PER_PAGE,
    )  # fmt: skip


def _take(play: FaultHarness, result: Any) -> _Snapshot:
    world = play.world
    # Either way the messages are with the test from here on. Nobody reads these mails.
    play.outside.take()
    world.messages("mail")
    values = (result, play.outside.waiting, play.outside.dead, play.people, play.tenant,
             world._email_by_account, world._msp_by_org)  # fmt: skip
    copied = copy.deepcopy(values, {id(play): _HARNESS})
    return _Snapshot(
        cloud_digest.snapshot(), copied, world.now, world._num_made, recipients.partition_of.__defaults__,
        chance.position,
    )  # fmt: skip


def _restore(play: FaultHarness, snapshot: _Snapshot) -> Any:
    world, outside = play.world, play.outside
    values = copy.deepcopy(snapshot.values, {id(_HARNESS): play})
    result, outside.waiting, outside.dead, play.people, play.tenant, emails, msps = values
    world._email_by_account, world._msp_by_org = emails, msps
    world.now, world._num_made = snapshot.now, snapshot.num_made
    recipients.partition_of.__defaults__ = snapshot.chunk_size
    chance.position = snapshot.chance
    cloud_digest.restore(snapshot.state)
    return result
