"""Messages that come again: twice, out of order, and once more after a hundred learners have progressed (P3)."""

import random

import pytest

from chalicelib.aws import bulk, queues
from tests.faults import scenarios
from tests.faults.fake_sqs import Delivery
from tests.faults.harness import FaultHarness, Rows, enrolled
from tests.faults.kinds import GET, GET_MANY, INSERT, KILLED_AFTER, QUERY


def _delivered(play: FaultHarness) -> list[Delivery]:
    """Work on all messages, in their order; gives them for another time."""
    seen: list[Delivery] = []
    while play.outside.take():
        delivery = play.outside.waiting.pop(0)
        seen.append(Delivery(delivery.body))
        assert play.outside.deliver(delivery)
    return seen


def _deliver_again(play: FaultHarness, seen: list[Delivery]) -> None:
    """All of them once more, with whatever they send, and not a byte is different after it."""
    before = [play.world.dump(table) for table in ("core", "enrollments", "outbox")]
    for delivery in seen:
        play.deliver_at_once(Delivery(delivery.body))
    assert [play.world.dump(table) for table in ("core", "enrollments", "outbox")] == before


def _mixed_batch(play: FaultHarness) -> Rows:
    """Four courses: new and enrolled people, one who fails, a denied course and a later one."""
    first, again, denied, later = (play.course() for _ in range(4))
    org_id = play.client(4, [first, again, later])
    play.enrolled_before(org_id, again, 0, "in_progress")
    play.enrolled_before(org_id, again, 1, "completed")
    courses = [{"course_id": course, "due_by": scenarios.DUE} for course in (first, again, denied)]
    play.launch([org_id], [*courses, {"course_id": later, "enroll_on": scenarios.LATER_DAY}], reenroll_completed=True)
    return {
        (org_id, first): [("partial", 4, 3, 0, 0, 1)],
        (org_id, again): [("partial", 4, 2, 1, 0, 1)],
        (org_id, denied): [("access_denied", 0, 0, 0, 0, 0)],
        (org_id, later): [("scheduled", 0, 0, 0, 0, 0)],
    }


@pytest.mark.parametrize("seed", range(4))
def test_every_message_that_comes_twice_and_out_of_order_counts_once(play: FaultHarness, seed: int) -> None:
    rows = _mixed_batch(play)
    (people,) = play.people.values()
    order = random.Random(seed)
    waiting = [Delivery(delivery.body) for delivery in play.outside.take() * 2]
    play.outside.waiting.clear()
    seen = []
    with play.injector.fault(0, scenarios.bad(people[3:])):
        while waiting:
            delivery = waiting.pop(order.randrange(len(waiting)))
            seen.append(delivery)
            assert play.outside.deliver(delivery)
            waiting += [Delivery(sent.body) for sent in play.outside.take() * 2]
            play.outside.waiting.clear()
    play.outside.until_quiet()
    play.assert_true(rows)
    order.shuffle(seen)
    _deliver_again(play, seen)


def test_nothing_of_a_hundred_learners_progress_is_lost_when_messages_come_again(
    play: FaultHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "PER_CALL", 25)
    monkeypatch.setattr(queues, "_PER_CALL", 10)
    play.chunks_of(50)
    course = play.course()
    org_id = play.client(120, [course])
    play.launch([org_id], [{"course_id": course, "due_by": scenarios.DUE}])
    seen = _delivered(play)
    play.complete(play.people[org_id][:60])
    play.start(play.people[org_id][60:100])
    _deliver_again(play, seen)
    play.assert_true({(org_id, course): [enrolled(120)]})


def test_a_finished_chunk_costs_one_read_and_no_write(play: FaultHarness) -> None:
    _mixed_batch(play)
    chunks = [delivery for delivery in _delivered(play) if delivery.has({"job": "chunk"})]
    assert len(chunks) == 4
    for delivery in chunks:
        with play.injector.watched() as calls:
            assert play.outside.deliver(delivery)
        assert calls == [GET_MANY]


def test_a_batch_that_is_where_it_should_be_costs_two_reads_and_no_write(play: FaultHarness) -> None:
    delivery, _, _ = scenarios.new_batch(play)
    play.deliver_at_once(Delivery(delivery.body))
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == [GET, QUERY]


def test_a_chunk_that_comes_again_after_its_learner_was_enrolled_anew_by_another_batch_counts_each_once(
    play: FaultHarness,
) -> None:
    course = play.course()
    org_id = play.client(1, [course])
    play.launch([org_id], [{"course_id": course}])
    delivery = play.outside.take_one(job="chunk")
    with play.injector.fault(INSERT, KILLED_AFTER):
        play.outside.deliver(delivery)
    play.outside.waiting.clear()
    play.complete(play.people[org_id])
    play.world.now = play.world.now.replace(hour=11)
    play.launch([org_id], [{"course_id": course}], key="another", reenroll_completed=True)
    play.outside.work_off()
    assert play.outside.deliver(delivery)
    play.outside.until_quiet()
    play.assert_true({(org_id, course): [enrolled(1), enrolled(1)]})
