"""A preview, from the request to its counts, and the launch that quotes it: broken at every call in every way."""

from typing import Any

import pytest

from chalicelib.training.rollouts import preview
from tests.faults import later
from tests.faults.fake_sqs import MAX_RECEIVES, Delivery, Request
from tests.faults.harness import FaultHarness, enrolled
from tests.faults.kinds import (
    GET,
    GET_MANY,
    INSERT,
    LOST,
    PUT,
    QUERY,
    SEND,
    TRANSACT,
    UNREACHABLE,
    UPDATE,
    Fault,
    each,
    pairs,
)
from tests.faults.snapshots import built_once

REQUEST = [QUERY, GET, PUT, GET_MANY, GET_MANY, TRANSACT, SEND, GET, QUERY, UPDATE]
JOB = [*[GET] * 4, QUERY, GET_MANY, GET_MANY, TRANSACT]
# Of three people, two a message.
PAGE = [*JOB[:-1], SEND]
DEAD = [GET, TRANSACT]
LAUNCH = [QUERY, GET, GET, GET_MANY, GET_MANY, TRANSACT, INSERT, SEND, TRANSACT]


@built_once
def _asking(play: FaultHarness) -> tuple[Request, str, str]:
    course = play.course()
    org_id = play.client(3, [course])
    body = {
        "name": "Spring", "org_ids": [org_id], "courses": [{"course_id": course}],
        "notifications": {"enrollment": True, "reminders": False},
    }  # fmt: skip
    return Request("POST", "/msp/training/preview", play.admin, body, "preview"), org_id, course


def _facts(play: FaultHarness) -> list[Any]:
    return [play.world.dump("core"), play.world.dump("enrollments")]


def _assert_counted(play: FaultHarness, plan_id: str) -> None:
    play.outside.work_off()
    seen = play.ask(Request("GET", f"/msp/training/preview/{plan_id}", play.admin)).json
    [course] = seen["organizations"][0]["courses"]
    assert (seen["status"], course["code"], course["will_enroll"], course["would_be_mailed"]) == ("ready", None, 3, 0)


@pytest.mark.parametrize(("at", "fault"), pairs(REQUEST))
def test_a_preview_comes_out_right_whichever_call_of_the_request_breaks(
    play: FaultHarness, at: int, fault: Fault
) -> None:
    request, _, _ = _asking(play)
    before = _facts(play)
    answer = later.broken_request(play, request, at, fault, 202)
    _assert_counted(play, answer.json["plan_id"])
    assert _facts(play) == before


@pytest.mark.parametrize(("at", "fault"), pairs(JOB))
def test_a_count_comes_out_right_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    request, _, _ = _asking(play)
    before = _facts(play)
    plan_id = play.ask(request).json["plan_id"]
    later.broken_delivery(play, play.outside.take_one(job="preview"), at, fault)
    _assert_counted(play, plan_id)
    assert _facts(play) == before


def test_a_preview_and_its_jobs_make_these_calls(play: FaultHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "_PER_MESSAGE", 2)
    request, _, _ = _asking(play)
    with play.injector.watched() as calls:
        plan_id = play.ask(request).json["plan_id"]
    assert calls == REQUEST
    for expected in (PAGE, JOB):
        with play.injector.watched() as calls:
            assert play.outside.deliver(play.outside.take_one(job="preview"))
        assert calls == expected
    _assert_counted(play, plan_id)


@pytest.mark.parametrize(("at", "fault"), pairs(PAGE))
def test_a_count_of_several_pages_comes_out_right_whichever_call_breaks(
    play: FaultHarness, monkeypatch: pytest.MonkeyPatch, at: int, fault: Fault
) -> None:
    monkeypatch.setattr(preview, "_PER_MESSAGE", 2)
    request, _, _ = _asking(play)
    plan_id = play.ask(request).json["plan_id"]
    later.broken_delivery(play, play.outside.take_one(job="preview"), at, fault)
    _assert_counted(play, plan_id)


@pytest.mark.parametrize("at", each(PAGE))
def test_a_page_that_is_delivered_twice_at_once_is_counted_once(
    play: FaultHarness, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    monkeypatch.setattr(preview, "_PER_MESSAGE", 2)
    request, _, _ = _asking(play)
    plan_id = play.ask(request).json["plan_id"]
    delivery = play.outside.take_one(job="preview")
    later.while_delivering(play, delivery, at, lambda: play.deliver_at_once(Delivery(delivery.body)))
    _assert_counted(play, plan_id)


# ------------------------------------------------------------ dead letters


def _dead_job(play: FaultHarness, at: int, fault: Fault) -> tuple[str, Delivery]:
    """The plan, and the message that counts for it: it broke each time at this call."""
    plan_id = play.ask(_asking(play)[0]).json["plan_id"]
    delivery = play.outside.take_one(job="preview")
    for attempt in range(MAX_RECEIVES):
        later.broken_delivery(play, delivery, at, fault)
        (play.outside.dead if attempt == MAX_RECEIVES - 1 else play.outside.waiting).remove(delivery)
    return plan_id, delivery


def _code(play: FaultHarness, plan_id: str) -> tuple[str, str | None]:
    play.outside.work_off()
    seen = play.ask(Request("GET", f"/msp/training/preview/{plan_id}", play.admin)).json
    return seen["status"], seen["organizations"][0]["courses"][0]["code"]


def test_a_dead_letter_of_a_count_makes_these_calls(play: FaultHarness) -> None:
    _, delivery = _dead_job(play, 1, UNREACHABLE)
    with play.injector.watched() as calls:
        assert play.outside.handle_dead_letter(delivery)
    assert calls == DEAD


@pytest.mark.parametrize(("at", "fault"), pairs(DEAD))
def test_a_count_that_is_given_up_says_so_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    plan_id, delivery = _dead_job(play, 1, UNREACHABLE)
    with play.injector.fault(at, fault):
        play.outside.handle_dead_letter(delivery)
    assert play.injector.struck
    assert _code(play, plan_id) == ("ready", "processing_failed")


def test_a_dead_letter_leaves_a_count_that_was_stored(play: FaultHarness) -> None:
    plan_id, delivery = _dead_job(play, len(JOB), LOST)
    assert play.outside.handle_dead_letter(delivery)
    assert _code(play, plan_id) == ("ready", None)
    _assert_counted(play, plan_id)


@pytest.mark.parametrize(("at", "fault"), pairs(LAUNCH))
def test_a_launch_that_quotes_a_plan_happens_once_whichever_call_breaks(
    play: FaultHarness, at: int, fault: Fault
) -> None:
    request, org_id, course = _asking(play)
    plan_id = play.ask(request).json["plan_id"]
    play.outside.work_off()
    launch = Request("POST", "/msp/training/enrollment", play.admin, {**request.body, "plan_id": plan_id}, "launch")
    later.broken_request(play, launch, at, fault, 202)
    later.settle(play)
    # A client whose batch DynamoDB did not take has failed, and can be launched again.
    play.retry_everything()
    later.settle(play)
    assert play.rows() == {(org_id, course): [enrolled(3)]}
