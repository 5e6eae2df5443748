"""Whom an undo by who is limited to departments left, an admin of everybody undoes: broken at every call."""

import pytest

from tests.faults import later
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.harness import FaultHarness
from tests.faults.inviting_scenarios import faults_on_writes
from tests.faults.kinds import GET, GET_MANY, INSERT, PUT, QUERY, SEND, TRANSACT, UPDATE, Fault, pairs
from tests.faults.training.bulk_changes.test_own_people import Scene, built

# Who asks, whose client and batch it is, the key; the undo that there is, in vain; the second
# one, and its message; what it waits for.
REQUEST = [QUERY, GET, GET, GET, PUT, GET, QUERY, TRANSACT, GET, QUERY, TRANSACT, SEND, GET, QUERY, UPDATE]
# The change, the partition, the chunk's range of the index and its result; the changes; who was withdrawn before; the
# result, and the row.
CHUNK = [GET_MANY, GET, QUERY, GET, INSERT, INSERT, GET, GET, TRANSACT, GET, GET]


def _undone(play: FaultHarness) -> tuple[Scene, Request]:
    """Two of three were withdrawn by the head of Sales; the third is in Legal."""
    play.chunks_of(3)
    scene = built(play)
    assert play.ask(scene.change("undo")).status == 202
    play.outside.until_quiet()
    return scene, Request("POST", f"{scene.path}/undo", play.admin, key="rest")


def _chunk(play: FaultHarness) -> tuple[Scene, Delivery]:
    scene, request = _undone(play)
    assert play.ask(request).status == 202
    return scene, play.outside.take_one(job="change_chunk")


def _assert_done(scene: Scene) -> None:
    later.settle(scene.play)
    assert [status for status, _ in scene.facts()] == ["cancelled"] * 3
    state = scene.play.ask(Request("GET", f"{scene.path}/undo", scene.play.admin)).json
    assert (state["status"], state["reversed"], state["kept_started"], state["moved_away"]) == ("done", 3, 0, None)
    row = scene.play.ask(Request("GET", scene.path, scene.play.admin)).json["courses"][0]
    assert (row["num_enrolled"], row["num_withdrawn"]) == (0, 3)


def test_it_makes_these_calls(play: FaultHarness) -> None:
    scene, request = _undone(play)
    with play.injector.watched() as calls:
        assert play.ask(request).json["status"] == "running"
    assert calls == REQUEST
    delivery = play.outside.take_one(job="change_chunk")
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == CHUNK
    _assert_done(scene)


@pytest.mark.parametrize(("at", "fault"), faults_on_writes(REQUEST, 7))
def test_it_begins_once_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    scene, request = _undone(play)
    later.broken_request(play, request, at, fault, 202)
    _assert_done(scene)
    assert sum(one["action"] == "batch.undone" for one in _trail(scene)) == 2


@pytest.mark.parametrize(("at", "fault"), pairs(CHUNK, later.ESSENTIAL))
def test_everybody_is_withdrawn_once_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    scene, delivery = _chunk(play)
    later.broken_delivery(play, delivery, at, fault)
    _assert_done(scene)


def _trail(scene: Scene) -> list[dict[str, str]]:
    return list(scene.play.ask(Request("GET", f"/orgs/{scene.org}/audit", scene.play.admin)).json["items"])
