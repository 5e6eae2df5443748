"""What is replayed is what would be led, whole and anew for each test; and a product that breaks is noticed."""

from pathlib import Path
from typing import Any

import pytest

from chalicelib.aws import table
from chalicelib.core.clock import to_text
from tests.faults import cloud_digest, scenarios
from tests.faults.chance import chance
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.harness import FaultHarness
from tests.faults.invariants import problems
from tests.faults.kinds import KILLED_BEFORE
from tests.faults.known_ends import known_ends

# ---------------------------------------------------------------- what is replayed


def _all(play: FaultHarness) -> list[Any]:
    """What a test can see."""
    world = play.world
    tables = [sorted(map(repr, world.raw_dump(short))) for short in ("core", "enrollments", "outbox")]
    queues = [[(one.body, one.num_received) for one in queue] for queue in (play.outside.waiting, play.outside.dead)]
    return [tables, queues, play.outside.schedules(), to_text(world.now), play.rows(), problems(world)]


def _lead_through(play: FaultHarness) -> list[Any]:
    """Of a batch of which one course begins later: after each step, what there is."""
    delivery, today, _ = scenarios.new_batch(play)
    seen = [_all(play)]
    again = Delivery(delivery.body)
    with play.injector.fault(3, KILLED_BEFORE):
        play.outside.deliver(delivery)
    for do in (play.outside.work_off, play.outside.until_quiet, lambda: play.outside.deliver(again)):
        do()
        seen.append([delivery.num_received, again.num_received, *_all(play)])
    play.assert_true(today)
    return seen


def test_what_is_replayed_is_what_is_led(play: FaultHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    new, world = cloud_digest.snapshot(), play.world
    known_ends.forget()
    seen = []
    for _ in range(2):
        cloud_digest.restore(new)
        world.__init__(world.cloud, world.stage)  # type: ignore[misc]
        chance.seed(b"a case")
        known_ends.begin_case(play.injector, monkeypatch)
        before = (known_ends.num_led, known_ends.num_replayed)
        seen.append(_lead_through(FaultHarness(world, play.injector)))
        num_led, num_replayed = known_ends.num_led - before[0], known_ends.num_replayed - before[1]
    assert seen[0] == seen[1]
    # The second time nothing was led.
    assert (num_led, num_replayed) == (0, 3)


def test_an_answer_is_the_caller_s_own(play: FaultHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    request = Request("GET", "/msp/organizations", play.admin)
    play.client(0, [])
    for _ in range(3):
        known_ends.begin_case(play.injector, monkeypatch)
        answer = play.ask(request)
        assert len(answer.json["items"]) == 1
        answer.json["items"].clear()


def test_a_step_whose_calls_are_numbered_is_led(play: FaultHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    request = Request("GET", "/msp/organizations", play.admin)
    for _ in range(2):
        known_ends.begin_case(play.injector, monkeypatch)
        assert play.ask(request).status == 200
    with play.injector.watched() as calls:
        play.ask(request)
    assert calls


# ---------------------------------------------------------------- a broken product


def test_a_product_that_breaks_is_noticed_although_ends_are_known(
    play: FaultHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, world = cloud_digest.snapshot(), play.world
    whole, wrong = table.transact, []
    for is_broken in (False, True):
        cloud_digest.restore(new)
        world.__init__(world.cloud, world.stage)  # type: ignore[misc]
        chance.seed(b"a case")
        known_ends.begin_case(play.injector, monkeypatch)
        again = FaultHarness(world, play.injector)
        delivery, _ = scenarios.chunk_new(again)
        if is_broken:
            # The last write of each transaction is forgotten.
            monkeypatch.setattr(table, "transact", lambda writes, *more, **named: whole(writes[:-1], *more, **named))
        again.outside.deliver(delivery)
        again.outside.until_quiet()
        wrong.append(problems(world))
    assert wrong[0] == []
    assert wrong[1] != []


def test_nothing_is_replaced_where_known_ends_do_not_see_it() -> None:
    """They look at what a test's own `monkeypatch` has set."""
    own = ("conftest.py", "near.py", Path(__file__).name)
    files = [file for file in Path(__file__).parent.rglob("*.py") if file.name not in own]
    hidden = ("mock.patch", "MonkeyPatch.context", "MonkeyPatch()", ".refusing(", ".answering(")
    assert [file.name for file in files if any(word in file.read_text() for word in hidden)] == []
