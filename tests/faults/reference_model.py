"""Scenes that are built once: each further test begins with what the first one's building left.

Most tests of a file begin alike and differ in the fault that follows; building is half of what they would do.
"""

import copy
import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from chalicelib.training.batches import advance, cancel, recipients
from chalicelib.training.bulk_changes import bulk_change as changes
from chalicelib.training.course_mails import service as mailing
from chalicelib.training.rollouts import preview
from tests import cloud_state
from tests.faults.harness import FaultHarness

P = ParamSpec("P")
R = TypeVar("R")


@dataclass
class _Scene:
    """The state of the local cloud, and what the test knows of it."""

    state: bytes
    # Copied together, so that a message which the test holds is the one that waits.
    known: Any
    now: datetime
    num_made: int
    chunk_size: tuple[int, ...] | None


class _ThisPlay:
    """Stands in what is kept for the play of whichever test it is."""


_HERE = _ThisPlay()
_scenes: dict[Any, _Scene] = {}


def scene(build: Callable[Concatenate[FaultHarness, P], R]) -> Callable[Concatenate[FaultHarness, P], R]:
    """For what a test does first of all, by nothing but its arguments. Whatever comes later is built as ever."""

    @functools.wraps(build)
    def again(play: FaultHarness, *args: P.args, **more: P.kwargs) -> R:
        if not play.is_fresh():
            return build(play, *args, **more)
        key = (build.__module__, build.__qualname__, repr(args), repr(more), _settings())
        play.begin()
        if key in _scenes:
            return _recall(play, _scenes[key])
        result = build(play, *args, **more)
        _scenes[key] = _kept(play, result)
        return result

    return again


def _settings() -> tuple[Any, ...]:
    """What tests set before they build, and building depends on."""
    return (
        recipients.cut.__defaults__, advance._ROWS_AT_ONCE, cancel.ROWS_AT_ONCE, changes.ROWS_AT_ONCE,
        mailing.NUM_ROW_SHARDS, mailing._PER_MESSAGE, preview._PER_MESSAGE,
    )  # fmt: skip


def _kept(play: FaultHarness, result: Any) -> _Scene:
    world = play.world
    # Messages are with the test from here on, in either case; nobody reads these mails.
    play.outside.take()
    world.messages("mail")
    known = (result, play.outside.waiting, play.outside.dead, play.people, play.tenant,
             world._email_by_account, world._msp_by_org)  # fmt: skip
    kept = copy.deepcopy(known, {id(play): _HERE})
    return _Scene(cloud_state.keep(), kept, world.now, world._num_made, recipients.cut.__defaults__)


def _recall(play: FaultHarness, kept: _Scene) -> Any:
    world, outside = play.world, play.outside
    known = copy.deepcopy(kept.known, {id(_HERE): play})
    result, outside.waiting, outside.dead, play.people, play.tenant, emails, msps = known
    world._email_by_account, world._msp_by_org = emails, msps
    world.now, world._num_made, recipients.cut.__defaults__ = kept.now, kept.num_made, kept.chunk_size
    cloud_state.bring_back(kept.state)
    return result
