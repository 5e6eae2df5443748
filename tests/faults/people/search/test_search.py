"""A search whose number is counted by a job, from the request to the number: broken at every call in every way."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.people.search import service
from tests.faults import later
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.harness import FaultHarness
from tests.faults.kinds import GET, QUERY, SEND, TRANSACT, Fault, each, pairs

# Roles, the client's MSP, people to count, the count, its message, and the page.
REQUEST = [QUERY, GET, QUERY, TRANSACT, SEND, QUERY]
# Due entry, count, people; then the entry goes on, with a message, or the number is there.
WALK = [GET, GET, QUERY, TRANSACT, SEND]
END = [GET, GET, QUERY, TRANSACT]


@pytest.fixture(autouse=True)
def _few_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "_LOOKS", 1)
    monkeypatch.setattr(service, "_LOOKS_PER_MESSAGE", 2)


def _asking(play: FaultHarness) -> tuple[Request, str]:
    org_id = play.client(0, [])
    play.world.members(org_id, 3, fields={"job": "Nurse"})
    body = {"fields": {"job": ["nurse"]}}
    return Request("POST", f"/orgs/{org_id}/members/search", play.admin, body), org_id


def _facts(play: FaultHarness) -> list[Any]:
    return [play.world.dump("core"), play.world.dump("enrollments")]


def _assert_counted(play: FaultHarness, org_id: str, search_id: str) -> None:
    play.outside.until_quiet()
    seen = play.ask(Request("GET", f"/orgs/{org_id}/searches/{search_id}", play.admin)).json
    assert (seen["status"], seen["num_matching"]) == ("ready", 3)
    assert not [item for item in play.world.dump("outbox") if item["pk"].startswith("DUE#")]


def test_a_search_and_its_count_make_these_calls(play: FaultHarness) -> None:
    request, org_id = _asking(play)
    with play.injector.watched() as calls:
        search_id = play.ask(request).json["search_id"]
    assert calls == REQUEST
    for expected in (WALK, END):
        with play.injector.watched() as calls:
            assert play.outside.deliver(play.outside.take_one(job="search"))
        assert calls == expected
    _assert_counted(play, org_id, search_id)


@pytest.mark.parametrize(("at", "fault"), pairs(REQUEST))
def test_a_search_finds_its_people_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    request, org_id = _asking(play)
    before = _facts(play)
    answer = later.broken_request(play, request, at, fault, 200)
    assert len(answer.json["items"]) == 3
    _assert_counted(play, org_id, answer.json["search_id"])
    assert _facts(play) == before


@pytest.mark.parametrize(("at", "fault"), pairs(WALK))
def test_a_count_comes_out_right_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    request, org_id = _asking(play)
    search_id = play.ask(request).json["search_id"]
    later.broken_delivery(play, play.outside.take_one(job="search"), at, fault)
    _assert_counted(play, org_id, search_id)


@pytest.mark.parametrize(("at", "fault"), pairs(END))
def test_the_end_of_a_count_comes_out_right_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    request, org_id = _asking(play)
    search_id = play.ask(request).json["search_id"]
    assert play.outside.deliver(play.outside.take_one(job="search"))
    later.broken_delivery(play, play.outside.take_one(job="search"), at, fault)
    _assert_counted(play, org_id, search_id)


@pytest.mark.parametrize("at", each(WALK))
def test_a_message_that_is_delivered_twice_at_once_counts_once(play: FaultHarness, at: int) -> None:
    request, org_id = _asking(play)
    search_id = play.ask(request).json["search_id"]
    delivery = play.outside.take_one(job="search")
    later.while_delivering(play, delivery, at, lambda: play.deliver_at_once(Delivery(delivery.body)))
    _assert_counted(play, org_id, search_id)


def test_a_count_whose_hour_is_over_leaves_nothing_behind(play: FaultHarness) -> None:
    request, _ = _asking(play)
    assert play.ask(request).json["search_id"]
    play.outside.take_one(job="search")
    play.world.now += timedelta(hours=2)
    play.outside.sweep()
    play.outside.work_off()
    assert not [item for item in play.world.dump("outbox") if item["pk"].startswith("DUE#")]
