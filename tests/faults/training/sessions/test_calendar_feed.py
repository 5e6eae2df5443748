"""The file of a calendar feed with every fault at every AWS call: no file stays that lacks a change."""

from datetime import timedelta

import pytest

from tests.faults import later
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.injector import Injector
from tests.faults.inviting_scenarios import distinct_faults
from tests.faults.kinds import DELETE, GET, GET_MANY, KILLED_AFTER, QUERY, SEND, TRANSACT, UPDATE, Fault, each
from tests.faults.live_scenarios import Built, Live
from tests.harness import World

# The file, if it is kept; memberships, trainings, what there is to show; the file.
MAKING = [QUERY, QUERY, QUERY, GET_MANY, TRANSACT]
# The link; where Ann is; who follows her; Ann, her feed, the mark; the change and its message.
DECLINING = [GET, GET, GET_MANY, QUERY, GET_MANY, GET, GET_MANY, UPDATE, TRANSACT, SEND]
# The due entry, the session, its people, their feeds, the mark of Ann's; the end.
QUIETLY = [GET, GET, QUERY, GET_MANY, GET_MANY, UPDATE, DELETE]
# Ann's trainings; her feed, the mark; where she is, who follows her, the change and its messages; her courses.
LEAVING = [QUERY, GET, GET_MANY, UPDATE, GET, GET_MANY, QUERY, GET_MANY, TRANSACT, SEND, GET, QUERY]


@pytest.fixture
def live(world: World, hook: Injector, small: None, monkeypatch: pytest.MonkeyPatch) -> Live:
    return Live(world, hook, monkeypatch)


def _subscribed(live: Live) -> Built[Request]:
    """Ann is invited, and her calendar program asks every hour."""
    live.enrolled_people()
    of_ann = [item for item in live.dump("core") if item.get("member_id") == live.people_ids[0]]
    (ann,) = {item["account_id"] for item in of_ann if "account_id" in item}
    assert live.ask(Request("POST", "/me/calendar", ann, key="feed")).status == 200
    live.world.now += timedelta(hours=1)
    return live.scenario(_feed(live))


def _feed(live: Live) -> Request:
    (token,) = [item["token"] for item in live.dump("core") if item["pk"].startswith("FEED_OF#")]
    return Request("GET", f"/calendar/{token}", None)


def _shown(live: Live) -> str:
    """By a program that asks at every moment that matters: now, while the mark counts, and later."""
    texts = []
    for minutes in (0, 1, 4, 60):
        live.world.now += timedelta(minutes=minutes)
        texts.append(live.ask(_feed(live)).text)
    assert len(set(texts)) == 1
    return texts[0]


def test_making_it_takes_these_calls(live: Live) -> None:
    request = live.begin_with(_subscribed)
    with live.injector.watched() as calls:
        text = live.ask(request).text
    assert calls == MAKING
    with live.injector.watched() as calls:
        assert live.ask(request).text == text
    assert calls == [QUERY]
    assert text.count("BEGIN:VEVENT") == 1


@pytest.mark.parametrize(("at", "fault"), distinct_faults(MAKING))
def test_it_is_whole_whichever_call_breaks(live: Live, at: int, fault: Fault) -> None:
    answer = later.broken_request(live, live.begin_with(_subscribed), at, fault, 200)
    assert answer.text == _shown(live)
    assert answer.text.count("BEGIN:VEVENT") == 1


def _declining(live: Live) -> Built[Request]:
    request, _, _ = _subscribed(live)
    assert live.ask(request).text.count("BEGIN:VEVENT") == 1
    return live.scenario(live.rsvp_request(0, "decline"))


def test_declining_with_a_feed_makes_these_calls(live: Live) -> None:
    request = live.begin_with(_declining)
    with live.injector.watched() as calls:
        assert live.ask(request).status == 303
    assert calls == DECLINING
    assert "BEGIN:VEVENT" not in _shown(live)


@pytest.mark.parametrize(("at", "fault"), distinct_faults(DECLINING))
def test_a_declined_session_does_not_stay_in_it_whichever_call_breaks(live: Live, at: int, fault: Fault) -> None:
    request = live.begin_with(_declining)
    with live.injector.fault(at, fault):
        live.outside.ask(request)
    # Whether or not it was written, and although nobody asks again: what the feed shows is what is.
    is_declined = live.participant(0)["status"] == "declined"
    assert _shown(live).count("BEGIN:VEVENT") == (0 if is_declined else 1)


@pytest.mark.parametrize("at", each(DECLINING))
def test_who_asks_while_somebody_declines_keeps_no_old_file(live: Live, at: int) -> None:
    request = live.begin_with(_declining)
    later.while_asking(live, request, at, lambda: live.ask(_feed(live)))
    assert "BEGIN:VEVENT" not in _shown(live)


def _quietly(live: Live) -> Built[Delivery]:
    request, _, _ = _subscribed(live)
    assert "Room 1" in live.ask(request).text
    path = f"/{live.item['training_id']}/sessions/{live.item['session_id']}"
    change = live.admin_request("PATCH", path, {"place": "Room 2", "notify": False})
    assert live.ask(change).status == 200
    return live.scenario(live.outside.take_one(job="tell_session"))


def test_a_change_that_nobody_is_told_of_makes_these_calls(live: Live) -> None:
    delivery = live.begin_with(_quietly)
    with live.injector.watched() as calls:
        assert live.outside.deliver(delivery)
    assert calls == QUIETLY
    assert "Room 2" in _shown(live)
    live.settled()
    assert live.kinds(0) == ["invited"]


@pytest.mark.parametrize(("at", "fault"), distinct_faults(QUIETLY))
def test_it_shows_whichever_call_breaks(live: Live, at: int, fault: Fault) -> None:
    later.broken_delivery(live, live.begin_with(_quietly), at, fault)
    live.come_to_rest()
    assert "Room 2" in _shown(live)
    assert live.kinds(0) == ["invited"]


def _leaving(live: Live) -> Built[Delivery]:
    """Ann leaves the organization; her calendar program has asked before."""
    request, _, _ = _subscribed(live)
    assert "STATUS:TENTATIVE" in live.ask(request).text
    path = f"/orgs/{live.org_id}/members/{live.people_ids[0]}/archive"
    assert live.ask(Request("POST", path, live.org_admin)).status == 200
    return live.scenario(live.outside.take_one(job="archive"))


def test_leaving_with_a_feed_makes_these_calls(live: Live) -> None:
    delivery = live.begin_with(_leaving)
    with live.injector.watched() as calls:
        assert live.outside.deliver(delivery)
    assert calls == LEAVING
    # Nobody has been told.
    assert "STATUS:CANCELLED" in _shown(live)


@pytest.mark.parametrize("at", each(LEAVING))
def test_who_leaves_has_a_true_feed_whenever_the_worker_dies(live: Live, at: int) -> None:
    later.broken_delivery(live, live.begin_with(_leaving), at, KILLED_AFTER)
    is_out = live.participant(0)["status"] == "cancelled"
    assert ("STATUS:CANCELLED" in _shown(live)) == is_out
    live.come_to_rest()
    assert "STATUS:CANCELLED" in _shown(live)
