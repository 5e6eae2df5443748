"""A preview, from the request to its counts, and the launch that quotes it: broken at every call in every way."""

from typing import Any

import pytest

from tests.faults import later
from tests.faults.kinds import GET, GET_MANY, INSERT, QUERY, SEND, TRANSACT, Fault, pairs
from tests.faults.outside import Request
from tests.faults.play import Play, enrolled

REQUEST = [QUERY, GET, TRANSACT, GET_MANY, TRANSACT, SEND, GET, QUERY, TRANSACT]
JOB = [*[GET] * 4, QUERY, GET_MANY, GET_MANY, TRANSACT]
LAUNCH = [QUERY, GET, GET, GET_MANY, TRANSACT, INSERT, SEND, TRANSACT]


def _asking(play: Play) -> tuple[Request, str, str]:
    course = play.course()
    org_id = play.client(3, [course])
    body = {
        "name": "Spring", "org_ids": [org_id], "courses": [{"course_id": course}],
        "notifications": {"enrollment": True, "reminders": False},
    }  # fmt: skip
    return Request("POST", "/msp/training/preview", play.admin, body, "preview"), org_id, course


def _facts(play: Play) -> list[Any]:
    return [play.world.dump("core"), play.world.dump("enrollments")]


def _assert_counted(play: Play, plan_id: str) -> None:
    play.outside.work_off()
    seen = play.ask(Request("GET", f"/msp/training/preview/{plan_id}", play.admin)).json
    [course] = seen["organizations"][0]["courses"]
    assert (seen["status"], course["code"], course["will_enroll"], course["would_be_mailed"]) == ("ready", None, 3, 0)


@pytest.mark.parametrize(("at", "fault"), pairs(REQUEST))
def test_a_preview_comes_out_right_whichever_call_of_the_request_breaks(play: Play, at: int, fault: Fault) -> None:
    request, _, _ = _asking(play)
    before = _facts(play)
    answer = later.broken_request(play, request, at, fault, 202)
    _assert_counted(play, answer.json["plan_id"])
    assert _facts(play) == before


@pytest.mark.parametrize(("at", "fault"), pairs(JOB))
def test_a_count_comes_out_right_whichever_call_breaks(play: Play, at: int, fault: Fault) -> None:
    request, _, _ = _asking(play)
    before = _facts(play)
    plan_id = play.ask(request).json["plan_id"]
    later.broken_delivery(play, play.outside.take_one(job="preview"), at, fault)
    _assert_counted(play, plan_id)
    assert _facts(play) == before


@pytest.mark.parametrize(("at", "fault"), pairs(LAUNCH))
def test_a_launch_that_quotes_a_plan_happens_once_whichever_call_breaks(play: Play, at: int, fault: Fault) -> None:
    request, org_id, course = _asking(play)
    plan_id = play.ask(request).json["plan_id"]
    play.outside.work_off()
    launch = Request("POST", "/msp/training/enrollment", play.admin, {**request.body, "plan_id": plan_id}, "launch")
    later.broken_request(play, launch, at, fault, 202)
    later.settle(play)
    # A batch that DynamoDB did not take is told as a failed client, and can be launched again.
    play.retry_everything()
    later.settle(play)
    assert play.rows() == {(org_id, course): [enrolled(3)]}
