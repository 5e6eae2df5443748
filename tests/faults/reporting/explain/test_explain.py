"""An explanation only reads: whichever call breaks, it is asked for again. And it is true of what was interrupted."""

import pytest

from tests.faults import later
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.harness import FaultHarness
from tests.faults.kinds import GET, GET_MANY, KILLED_AFTER, KILLED_BEFORE, QUERY, Fault, pairs
from tests.faults.snapshots import built_once

# The member's department, roles, the client's MSP; member, course and groups; the history and enrollments; batches,
# their rows, partitions and results; what the client may use.
CALLS = [GET, QUERY, GET, GET, GET, QUERY, QUERY, QUERY, QUERY, GET_MANY, GET_MANY, GET_MANY, GET]


@built_once
def _ran(play: FaultHarness) -> tuple[later.Batch, Request]:
    made = later.ran(play, 4)
    return made, _asking(made, made.people[0])


def _asking(made: later.Batch, member_id: str) -> Request:
    path = f"/orgs/{made.org_id}/members/{member_id}/explain?course_id={made.courses[0]}"
    return Request("GET", path, made.play.admin)


def test_an_explanation_makes_these_calls(play: FaultHarness) -> None:
    _, request = _ran(play)
    with play.injector.watched() as calls:
        answer = play.ask(request)
    assert calls == CALLS
    assert (answer.json["enrolled"], answer.json["code"]) == (True, "enrolled")


@pytest.mark.parametrize(("at", "fault"), pairs(CALLS))
def test_it_is_told_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    _, request = _ran(play)
    assert later.broken_request(play, request, at, fault, 200).json["enrolled"]


@pytest.mark.parametrize("fault", [KILLED_BEFORE, KILLED_AFTER])
@pytest.mark.parametrize("at", range(1, 9))
def test_who_was_enrolled_by_an_interrupted_chunk_is_told_so_and_others_why_not(
    play: FaultHarness, at: int, fault: Fault
) -> None:
    """The chunk is delivered a second time, minutes later; meanwhile somebody has joined."""
    made, delivery = later.running(play)
    late = _somebody_between(play, made)
    with play.injector.fault(at, fault):
        play.outside.deliver(delivery)
    play.outside.deliver(Delivery(delivery.body))
    play.outside.until_quiet()
    for member_id in [*made.people, late]:
        told = play.ask(_asking(made, member_id)).json
        held = member_id in made.people or told["enrolled"]
        assert told["code"] == ("enrolled" if held else "not_there_yet"), told


def _somebody_between(play: FaultHarness, made: later.Batch) -> str:
    play.world.now = play.world.now.replace(minute=play.world.now.minute + 1)
    (member_id,) = play.world.members(made.org_id, 1)
    return member_id
