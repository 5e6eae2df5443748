"""Messages that break every time: five failures send them to the dead letters, rows fail with a reason, Retry mends."""

from collections.abc import Callable

import pytest

from tests.faults import scenarios
from tests.faults.fake_sqs import MAX_RECEIVES, Delivery
from tests.faults.harness import FaultHarness, Rows, enrolled
from tests.faults.invariants import problems
from tests.faults.kinds import INSERT, KILLED_AFTER, KILLED_BEFORE, SEND, UNREACHABLE, Fault, pairs

# The message, and its rows once the cause is gone.
_Scene = Callable[[FaultHarness], tuple[Delivery, Rows]]

_SCENES: dict[str, tuple[_Scene, list[str]]] = {
    "new batch": (lambda play: scenarios.new_batch(play)[:2], scenarios.RECONCILE),
    "chunk": (scenarios.chunk_existing, scenarios.CHUNK_EXISTING),
    "reenrolled chunk": (scenarios.chunk_reenrolled, scenarios.CHUNK_REENROLLED),
    "start of a retry": (lambda play: scenarios.retried_row(play, "advance"), scenarios.RETRY_RECONCILE),
    "chunk of a retry": (lambda play: scenarios.retried_row(play, "chunk"), scenarios.RETRY_CHUNK),
    "launch to finish": (
        lambda play: scenarios.finishing_launch(play, scenarios.SAVED_BY),
        scenarios.FINISH_FROM_NOTHING,
    ),
}


@pytest.mark.parametrize("body", ["", "not JSON", "[]", "{}", '{"job": "dance"}', '{"job": "chunk", "chunk": 1}'])
def test_a_message_that_cannot_be_read_stays_failed(play: FaultHarness, body: str) -> None:
    delivery = Delivery(body)
    for _ in range(MAX_RECEIVES):
        assert not play.outside.deliver(delivery)
    assert play.outside.dead == [delivery]
    # It stays for an operator to see; no row can show it.
    assert not play.outside.handle_dead_letter(delivery)
    assert problems(play.world) == []


@pytest.mark.parametrize(
    ("name", "at", "fault"),
    [
        pytest.param(name, *pair.values, id=f"{name}: {pair.id}")
        for name, (_, calls) in _SCENES.items()
        for pair in pairs(calls, [UNREACHABLE, KILLED_AFTER])
    ],
)
def test_what_breaks_five_times_at_the_same_call_fails_with_a_reason_and_can_be_retried(
    play: FaultHarness, name: str, at: int, fault: Fault
) -> None:
    scene, calls = _SCENES[name]
    delivery, rows = scene(play)
    for _ in range(MAX_RECEIVES):
        # A delivery that finds some of it done is through sooner, or breaks later.
        with play.injector.fault(calls[at - 1], fault):
            if play.outside.deliver(delivery):
                break
        play.outside.waiting.clear()
    play.outside.until_quiet()
    wrong = problems(play.world)
    assert not wrong, wrong
    play.retry_everything()
    play.outside.until_quiet()
    play.assert_true(rows)


def test_seats_that_a_lost_run_took_come_back(play: FaultHarness) -> None:
    """A chunk dies with its seats taken, its row is given up and retried, and only then is the chunk buried."""
    course = play.course()
    org_id = play.client(4, [course])
    play.limit_seats(org_id, {course: 5})
    play.launch([org_id], [{"course_id": course}])
    reconciling = play.outside.take_one(job="advance")
    with play.injector.fault(SEND, KILLED_AFTER):
        play.outside.deliver(reconciling)
    play.outside.waiting.clear()
    chunk = play.outside.take_one(job="chunk")
    play.outside.waiting.clear()
    with play.injector.fault(INSERT, KILLED_BEFORE):
        play.outside.deliver(chunk)
    play.outside.waiting.clear()
    assert play.outside.handle_dead_letter(reconciling)
    play.retry_everything()
    play.outside.work_off()
    assert play.outside.handle_dead_letter(chunk)
    play.retry_everything()
    play.outside.until_quiet()
    play.assert_true({(org_id, course): [enrolled(4)]})
