"""A chunk of people for live trainings that is given up: what it did counts, the others fail, whichever call breaks."""

import json

import pytest

from tests.faults.fake_sqs import Delivery
from tests.faults.injector import Injector
from tests.faults.inviting_scenarios import faults_on_writes
from tests.faults.kinds import GET, GET_MANY, INSERT, KILLED_AFTER, PUT, QUERY, SEND, TRANSACT, Fault
from tests.faults.live_scenarios import Built, Live
from tests.harness import World

DEAD_LETTER = [
    *(GET, GET, GET, GET_MANY),  # the enrollment, is there a result, the people
    *(QUERY, QUERY, QUERY),  # what each of them holds
    *(GET_MANY, GET_MANY, GET_MANY, GET_MANY),  # who is in, what they are told
    GET_MANY,  # their calendar feeds
    *(INSERT, INSERT, TRANSACT, SEND),  # their mails, with the queue
    *(GET_MANY, TRANSACT, INSERT),  # Ann's notification, what both were told
    PUT,  # the result
]


@pytest.fixture
def live(world: World, hook: Injector, small: None, monkeypatch: pytest.MonkeyPatch) -> Live:
    return Live(world, hook, monkeypatch)


def _dead(live: Live) -> Built[Delivery]:
    """The chunk died five times after its first transaction: two of three people are enrolled."""
    live.prepare()
    delivery = live.chunk()
    with live.injector.fault(TRANSACT, KILLED_AFTER):
        assert not live.outside.deliver(delivery)
    live.outside.waiting.remove(delivery)
    return live.scenario(delivery)


def _is_given_up(live: Live) -> None:
    live.settled()
    (result,) = [item for item in live.dump("core") if item["sk"].startswith("RESULT#")]
    assert [row[2] for row in json.loads(result["results"])] == ["invited", "invited", "processing_failed"]
    assert live.by_status() == {"invited": 2}
    assert [live.kinds(number) for number in range(3)] == [["invited"], ["invited"], []]


def test_giving_a_chunk_up_makes_these_calls(live: Live) -> None:
    delivery = live.begin_with(_dead)
    with live.injector.watched() as calls:
        assert live.outside.handle_dead_letter(delivery)
    assert calls == DEAD_LETTER
    assert live.outside.handle_dead_letter(Delivery(delivery.body))
    _is_given_up(live)


@pytest.mark.parametrize(("at", "fault"), faults_on_writes(DEAD_LETTER))
def test_a_chunk_is_given_up_once_whichever_call_breaks(live: Live, at: int, fault: Fault) -> None:
    delivery = live.begin_with(_dead)
    with live.injector.fault(at, fault):
        live.outside.handle_dead_letter(delivery)
    assert live.injector.struck
    live.outside.work_off()
    _is_given_up(live)
