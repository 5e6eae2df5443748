"""Dead letters, of every kind: what was not done fails with its reason, what was done counts, and Retry mends it."""

from collections.abc import Callable

import pytest

from tests.faults import scenarios
from tests.faults.fake_sqs import Delivery
from tests.faults.harness import FaultHarness, RowNumbers, Rows, enrolled
from tests.faults.kinds import (
    GET,
    GET_MANY,
    INSERT,
    KILLED_AFTER,
    KILLED_BEFORE,
    PUT,
    QUERY,
    SEND,
    TRANSACT,
    Fault,
    pairs,
)

# A dead letter, the rows after it, and the rows once every failed one was retried.
Scene = Callable[[FaultHarness], tuple[Delivery, Rows, Rows]]

_FAILED: RowNumbers = ("failed", 0, 0, 0, 0, 0)


def _new_batch(play: FaultHarness) -> tuple[Delivery, Rows, Rows]:
    """It was never reconciled: the rows of today fail, and the later one waits for its day."""
    first, second, later = play.course(), play.course(), play.course()
    org_id = play.client(1, [first, second, later])
    play.launch(
        [org_id], [{"course_id": first}, {"course_id": second}, {"course_id": later, "enroll_on": "2087-01-10"}]
    )
    waits = {(org_id, later): [("scheduled", 0, 0, 0, 0, 0)]}
    delivery = play.outside.take_one(job="advance")
    failed = {(org_id, first): [_FAILED], (org_id, second): [_FAILED], **waits}
    return delivery, failed, {(org_id, first): [enrolled(1)], (org_id, second): [enrolled(1)], **waits}


def _half_sent(play: FaultHarness) -> tuple[Delivery, Rows, Rows]:
    """The row was started, and its chunks were never sent."""
    course = play.course()
    org_id = play.client(1, [course])
    play.launch([org_id], [{"course_id": course}])
    delivery = play.outside.take_one(job="advance")
    with play.injector.fault(SEND, KILLED_BEFORE):
        play.outside.deliver(delivery)
    play.outside.waiting.clear()
    return delivery, {(org_id, course): [("failed", 1, 0, 0, 0, 0)]}, {(org_id, course): [enrolled(1)]}


def _chunk(play: FaultHarness, done: int) -> tuple[Delivery, Rows, Rows]:
    """A chunk of three people of whom so many were enrolled when the process died."""
    course = play.course()
    org_id = play.client(3, [course])
    play.launch([org_id], [{"course_id": course, "due_by": "2087-02-01"}])
    delivery = play.outside.take_one(job="chunk")
    if done:
        with play.injector.fault(INSERT, KILLED_AFTER):
            play.outside.deliver(delivery)
        play.outside.waiting.clear()
    status = "partial" if done else "failed"
    return delivery, {(org_id, course): [(status, 3, done, 0, 0, 3 - done)]}, {(org_id, course): [enrolled(3)]}


def _launch(play: FaultHarness, died_at: int) -> tuple[Delivery, Rows, Rows]:
    """A launch that nobody could finish; from call 6 on, its batches stand."""
    course = play.course()
    org_ids = [play.client(number, [course]) for number in (1, 0, 0)]
    with play.injector.fault(died_at, KILLED_AFTER):
        play.outside.ask(play.launching(org_ids, [{"course_id": course}]))
    play.outside.wait_for_sweep()
    rows: Rows = {(org_id, course): [enrolled(len(play.people[org_id]))] for org_id in org_ids}
    return play.outside.take_one(job="launch"), rows if died_at >= 6 else {}, rows


# The scene, and the calls that its burial makes.
_SCENES: dict[str, tuple[Scene, list[str]]] = {
    "new batch": (_new_batch, [GET, GET_MANY, QUERY, TRANSACT, QUERY, TRANSACT, TRANSACT]),
    "half sent": (_half_sent, [GET, QUERY, TRANSACT]),
    "chunk untouched": (lambda play: _chunk(play, 0), [GET_MANY, QUERY, PUT, GET_MANY, TRANSACT, GET, TRANSACT]),
    "chunk half done": (lambda play: _chunk(play, 2), [GET_MANY, QUERY, QUERY, GET_MANY, TRANSACT, GET, TRANSACT]),
    "launch": (lambda play: _launch(play, 4), [GET_MANY, GET_MANY, TRANSACT]),
    "launch with batches": (lambda play: _launch(play, 6), [GET_MANY, GET_MANY, SEND, SEND, TRANSACT]),
}


@pytest.mark.parametrize("name", _SCENES)
def test_what_a_dead_letter_left_undone_fails_and_can_be_retried(play: FaultHarness, name: str) -> None:
    scene, expected = _SCENES[name]
    delivery, failed, retried = scene(play)
    with play.injector.watched() as calls:
        assert play.outside.handle_dead_letter(delivery)
    assert calls == expected
    play.outside.until_quiet()
    play.assert_true(failed)
    play.retry_everything()
    play.outside.until_quiet()
    play.assert_true(retried)


def test_whom_a_dead_chunk_would_have_left_as_they_are_does_not_fail(play: FaultHarness) -> None:
    delivery, rows = scenarios.chunk_existing(play)
    assert play.outside.handle_dead_letter(delivery)
    play.outside.until_quiet()
    play.assert_true({key: [("partial", 3, 0, 1, 1, 1)] for key in rows})
    play.retry_everything()
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
def test_a_dead_letter_is_buried_right_whichever_call_breaks(
    play: FaultHarness, name: str, at: int, fault: Fault
) -> None:
    delivery, failed, _ = _SCENES[name][0](play)
    with play.injector.fault(at, fault):
        play.outside.handle_dead_letter(delivery)
    assert play.injector.struck
    play.outside.until_quiet()
    play.assert_true(failed)
