"""A chunk of new people, of people who are enrolled already, and the last of its row; broken in every way."""

from collections.abc import Callable

import pytest

from tests.faults import scenarios
from tests.faults.fake_sqs import Delivery
from tests.faults.harness import FaultHarness, Rows
from tests.faults.kinds import Fault, pairs

# Gives the message of the chunk, and the rows in the end.
_Scenario = Callable[[FaultHarness], tuple[Delivery, Rows]]

_SCENARIOS: dict[str, tuple[_Scenario, list[str]]] = {
    "new": (scenarios.chunk_new, scenarios.CHUNK_NEW),
    "existing": (scenarios.chunk_existing, scenarios.CHUNK_EXISTING),
    "reenrolled": (scenarios.chunk_reenrolled, scenarios.CHUNK_REENROLLED),
    "row unfinished": (scenarios.chunk_row_unfinished, scenarios.CHUNK_ROW_UNFINISHED),
}


@pytest.mark.parametrize("name", _SCENARIOS)
def test_a_chunk_makes_these_calls(play: FaultHarness, name: str) -> None:
    scenario, expected = _SCENARIOS[name]
    delivery, rows = scenario(play)
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == expected
    play.outside.until_quiet()
    play.assert_true(rows)


@pytest.mark.parametrize(
    ("name", "at", "fault"),
    [
        pytest.param(name, *pair.values, id=f"{name}: {pair.id}")
        for name, (_, calls) in _SCENARIOS.items()
        for pair in pairs(calls)
    ],
)
def test_a_chunk_comes_out_right_whichever_call_breaks(play: FaultHarness, name: str, at: int, fault: Fault) -> None:
    delivery, rows = _SCENARIOS[name][0](play)
    earlier = play.earlier_enrollments()
    with play.injector.fault(at, fault):
        play.outside.deliver(delivery)
    assert play.injector.struck
    play.outside.until_quiet()
    play.assert_true(rows)
    assert play.earlier_enrollments() == earlier
