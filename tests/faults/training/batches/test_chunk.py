"""A chunk of new people, of people who are enrolled already, and the fold after the last; broken in every way."""

from collections.abc import Callable

import pytest

from tests.faults import scenarios as scenes
from tests.faults.fake_sqs import Delivery
from tests.faults.harness import FaultHarness, Rows
from tests.faults.kinds import Fault, pairs

# Gives the message of the chunk, and what the rows come to.
_Scene = Callable[[FaultHarness], tuple[Delivery, Rows]]

_SCENES: dict[str, tuple[_Scene, list[str]]] = {
    "new": (scenes.chunk_new, scenes.CHUNK_NEW),
    "met": (scenes.chunk_met, scenes.CHUNK_MET),
    "reenrolled": (scenes.chunk_reenrolled, scenes.CHUNK_REENROLLED),
    "folded": (scenes.chunk_folded, scenes.CHUNK_FOLDED),
}


@pytest.mark.parametrize("name", _SCENES)
def test_a_chunk_makes_these_calls(play: FaultHarness, name: str) -> None:
    scene, expected = _SCENES[name]
    delivery, rows = scene(play)
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == expected
    play.outside.until_quiet()
    play.assert_true(rows)


@pytest.mark.parametrize(
    ("name", "at", "fault"),
    [
        pytest.param(name, *pair.values, id=f"{name}: {pair.id}")
        for name, (_, calls) in _SCENES.items()
        for pair in pairs(calls)
    ],
)
def test_a_chunk_comes_out_right_whichever_call_breaks(play: FaultHarness, name: str, at: int, fault: Fault) -> None:
    delivery, rows = _SCENES[name][0](play)
    earlier = play.earlier_enrollments()
    with play.injector.fault(at, fault):
        play.outside.deliver(delivery)
    assert play.injector.struck
    play.outside.until_quiet()
    play.assert_true(rows)
    assert play.earlier_enrollments() == earlier
