"""A chunk of three people, two inserts a call: new ones, ones who are enrolled already, and the fold after the last."""

from collections.abc import Callable

import pytest

from tests.faults.kinds import GET, GET_MANY, INSERT, KILLED_BEFORE, PUT, QUERY, TRANSACT, Fault, pairs
from tests.faults.outside import Delivery
from tests.faults.play import Play, Rows, enrolled

_BEGIN = [GET_MANY, QUERY, PUT, INSERT, INSERT]
_FINISH = [TRANSACT, GET]

NEW = [*_BEGIN, *_FINISH]
MET = [*_BEGIN, GET_MANY, *_FINISH, TRANSACT]
REENROLLED = [*_BEGIN, GET_MANY, TRANSACT, *_FINISH, TRANSACT]
FOLDED = [GET_MANY, TRANSACT]

# Gives the message of the chunk, and what the rows come to.
Scene = Callable[[Play], tuple[Delivery, Rows]]


def _new(play: Play) -> tuple[Delivery, Rows]:
    """The first of two chunks, with three people whom nothing enrolled before."""
    course = play.course()
    org_id = play.client(4, [course])
    play.launch([org_id], [{"course_id": course, "due_by": "2087-02-01"}])
    return play.outside.take_one(job="chunk", chunk=0), {(org_id, course): [enrolled(4)]}


def _met(play: Play, **more: bool) -> tuple[Delivery, Rows]:
    """The only chunk: of its three people one takes the course, and one has completed it."""
    course = play.course()
    org_id = play.client(3, [course])
    play.enrolled_before(org_id, course, 0, "in_progress")
    play.enrolled_before(org_id, course, 1, "completed")
    play.launch([org_id], [{"course_id": course, "due_by": "2087-02-01"}], **more)
    return play.outside.take_one(job="chunk"), {(org_id, course): [("enrolled", 3, 1, 1, 1, 0)]}


def _reenrolled(play: Play) -> tuple[Delivery, Rows]:
    """The same, and who completed the course takes it again."""
    delivery, rows = _met(play, reenroll_completed=True)
    return delivery, {key: [("enrolled", 3, 2, 1, 0, 0)] for key in rows}


def _folded(play: Play) -> tuple[Delivery, Rows]:
    """The last chunk, which was finished by a process that died before it could fold the row."""
    delivery, rows = _met(play)
    with play.injector.fault(len(MET), KILLED_BEFORE):
        play.outside.deliver(delivery)
    play.outside.waiting.remove(delivery)
    return delivery, rows


@pytest.mark.parametrize(
    ("scene", "expected"),
    [
        pytest.param(_new, NEW, id="new"),
        pytest.param(_met, MET, id="met"),
        pytest.param(_reenrolled, REENROLLED, id="reenrolled"),
        pytest.param(_folded, FOLDED, id="folded"),
    ],
)
def test_a_chunk_makes_these_calls(play: Play, scene: Scene, expected: list[str]) -> None:
    delivery, rows = scene(play)
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == expected
    play.outside.until_quiet()
    play.assert_true(rows)


@pytest.mark.parametrize(("at", "fault"), pairs(NEW))
def test_a_chunk_of_new_people_comes_out_right_whichever_call_breaks(play: Play, at: int, fault: Fault) -> None:
    _breaks(play, _new, at, fault)


@pytest.mark.parametrize(("at", "fault"), pairs(MET))
def test_a_chunk_that_meets_enrollments_comes_out_right_whichever_call_breaks(
    play: Play, at: int, fault: Fault
) -> None:
    _breaks(play, _met, at, fault)


@pytest.mark.parametrize(("at", "fault"), pairs(REENROLLED))
def test_a_chunk_that_enrolls_again_comes_out_right_whichever_call_breaks(play: Play, at: int, fault: Fault) -> None:
    _breaks(play, _reenrolled, at, fault)


@pytest.mark.parametrize(("at", "fault"), pairs(FOLDED))
def test_a_fold_that_was_interrupted_comes_out_right_whichever_call_breaks(play: Play, at: int, fault: Fault) -> None:
    _breaks(play, _folded, at, fault)


def _breaks(play: Play, scene: Scene, at: int, fault: Fault) -> None:
    delivery, rows = scene(play)
    earlier = _earlier(play)
    with play.injector.fault(at, fault):
        play.outside.deliver(delivery)
    assert play.injector.struck
    play.outside.until_quiet()
    play.assert_true(rows)
    assert _earlier(play) == earlier


def _earlier(play: Play) -> list[dict[str, object]]:
    """Enrollments that no batch made, with all that they say, wherever they are kept by now."""
    found = [item for item in play.world.dump("enrollments") if "batch_id" not in item]
    return [{**item, "sk": item["sk"].partition("#HISTORY#")[0]} for item in found]
