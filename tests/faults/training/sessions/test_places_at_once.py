"""Two cancellations beside a raise of capacity, whichever call of the one the others come before.

Two of six people have a place. Both leave, one place is added: the first three in line get a place, the fourth waits.
"""

import pytest

from tests.faults import later
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.injector import Injector
from tests.faults.kinds import DELETE, GET, GET_MANY, QUERY, SEND, TRANSACT, each
from tests.faults.live_scenarios import Built, Live
from tests.harness import World

_LINE, _AUDIT = [QUERY, GET_MANY], [QUERY, TRANSACT]
# Of the first to leave, whose place goes to the first in line; of the admin; of the job that fills places.
LEAVING = [GET, GET, GET_MANY, *_LINE, GET, GET_MANY, TRANSACT, SEND]
RAISING = [QUERY, GET, GET, *_AUDIT, SEND, GET]
FILLING = [GET, *_LINE, TRANSACT, SEND, GET, DELETE]


@pytest.fixture
def live(world: World, hook: Injector, small: None, monkeypatch: pytest.MonkeyPatch) -> Live:
    return Live(world, hook, monkeypatch)


def _line(live: Live) -> Built[Request]:
    live.prepare()
    live.people_ids += [live.world.member(live.org_id, email=f"p{number}@example.com") for number in range(3)]
    assert live.ask(live.enroll_request()).status == 202
    live.come_to_rest()
    assert [_status(live, number) for number in range(6)] == ["invited"] * 2 + ["waiting"] * 4
    return live.scenario(live.rsvp_request(0, "decline"))


def _status(live: Live, number: int) -> str:
    return str(live.participant(number)["status"])


def _raise(live: Live) -> Request:
    path = f"/{live.item['training_id']}/sessions/{live.item['session_id']}"
    return live.admin_request("PATCH", path, {"capacity": 3})


def _both_leave(live: Live) -> None:
    for number in (0, 1):
        assert live.ask(live.rsvp_request(number, "decline")).status == 303


def _filling(live: Live) -> Built[Delivery]:
    _line(live)
    assert live.ask(_raise(live)).status == 200
    return live.scenario(live.outside.take_one(job="fill_places"))


def _is_right(live: Live) -> None:
    live.settled()
    assert [_status(live, number) for number in range(6)] == ["declined"] * 2 + ["invited"] * 3 + ["waiting"]
    (session,) = live.sessions()
    assert (int(session["num_taken"]), int(session["num_waiting"])) == (3, 1)


def test_leaving_makes_these_calls(live: Live) -> None:
    request = live.begin_with(_line)
    with live.injector.watched() as made:
        assert live.ask(request).status == 303
    assert made == LEAVING


def test_filling_makes_these_calls(live: Live) -> None:
    delivery = live.begin_with(_filling)
    with live.injector.watched() as made:
        assert live.outside.deliver(delivery)
    assert made == FILLING


def test_raising_makes_these_calls(live: Live) -> None:
    live.begin_with(_line)
    with live.injector.watched() as made:
        assert live.ask(_raise(live)).status == 200
    assert made == RAISING


@pytest.mark.parametrize("at", each(LEAVING))
def test_another_leaves_and_a_place_is_added_while_one_leaves(live: Live, at: int) -> None:
    request = live.begin_with(_line)

    def meanwhile() -> None:
        assert live.ask(_raise(live)).status == 200
        assert live.ask(live.rsvp_request(1, "decline")).status == 303

    later.while_asking(live, request, at, meanwhile)
    _is_right(live)


@pytest.mark.parametrize("at", each(RAISING))
def test_two_leave_while_a_place_is_added(live: Live, at: int) -> None:
    live.begin_with(_line)
    later.while_asking(live, _raise(live), at, lambda: _both_leave(live))
    _is_right(live)


@pytest.mark.parametrize("at", each(FILLING))
def test_two_leave_while_the_added_place_is_handed_out(live: Live, at: int) -> None:
    delivery = live.begin_with(_filling)
    later.while_delivering(live, delivery, at, lambda: _both_leave(live))
    _is_right(live)


# ------------------------------------------------------------ one leaves, another joins the line

# Nobody follows, when the one who leaves looks.
LEAVING_ALONE = [GET, GET, GET_MANY, QUERY, GET, GET_MANY, TRANSACT]


def _full(live: Live) -> Built[Request]:
    """Two people have the two places, nobody waits."""
    live.prepare()
    assert live.ask(_enrolling(live, live.people_ids[:2], "first")).status == 202
    live.come_to_rest()
    return live.scenario(live.rsvp_request(0, "decline"))


def _enrolling(live: Live, member_ids: list[str], key: str) -> Request:
    return live.admin_request("POST", "/enroll", {"member_ids": member_ids, "items": [live.item]}, key)


def _joins(live: Live) -> None:
    assert live.ask(_enrolling(live, live.people_ids[2:], "third")).status == 202
    live.outside.work_off()


def _has_followed(live: Live) -> None:
    live.settled()
    assert [_status(live, number) for number in range(3)] == ["declined", "invited", "invited"]


def test_leaving_when_nobody_waits_makes_these_calls(live: Live) -> None:
    request = live.begin_with(_full)
    with live.injector.watched() as made:
        assert live.ask(request).status == 303
    assert made == LEAVING_ALONE


@pytest.mark.parametrize("at", each(LEAVING_ALONE))
def test_who_joins_the_line_while_one_leaves_is_not_forgotten(live: Live, at: int) -> None:
    request = live.begin_with(_full)
    later.while_asking(live, request, at, lambda: _joins(live))
    _has_followed(live)


# The enrollment, is there a result, the person, what they hold; the session, the line.
JOINING = [GET, GET, GET, GET_MANY, QUERY, GET, TRANSACT]


def _joining(live: Live) -> Built[Delivery]:
    _full(live)
    assert live.ask(_enrolling(live, live.people_ids[2:], "third")).status == 202
    return live.scenario(live.outside.take_one(job="enroll_people_chunk"))


@pytest.mark.parametrize("at", each(JOINING))
def test_who_joins_the_line_finds_the_place_that_is_freed_meanwhile(live: Live, at: int) -> None:
    delivery = live.begin_with(_joining)
    later.while_delivering(live, delivery, at, lambda: live.ask(live.rsvp_request(0, "decline")))
    _has_followed(live)


def _taking(live: Live) -> Built[Delivery]:
    """Ann has one of two places; Bob and Carol are enrolled by two requests."""
    live.prepare()
    assert live.ask(_enrolling(live, live.people_ids[:1], "first")).status == 202
    live.come_to_rest()
    assert live.ask(_enrolling(live, live.people_ids[1:2], "second")).status == 202
    return live.scenario(live.outside.take_one(job="enroll_people_chunk"))


@pytest.mark.parametrize("at", each(JOINING))
def test_of_two_who_take_the_last_place_at_the_same_moment_one_waits(live: Live, at: int) -> None:
    delivery = live.begin_with(_taking)
    later.while_delivering(live, delivery, at, lambda: _joins(live))
    live.settled()
    assert sorted(_status(live, number) for number in (1, 2)) == ["invited", "waiting"]
    (session,) = live.sessions()
    assert (int(session["num_taken"]), int(session["num_waiting"])) == (2, 1)


def _of_both(live: Live) -> Built[Delivery]:
    """Carol is enrolled in two sessions of the training by two requests."""
    live.prepare()
    other = {**live.item, "session_id": live.session(live.item["training_id"], day=21)}
    for key, item in (("first", live.item), ("second", other)):
        body = {"member_ids": live.people_ids[2:], "items": [item]}
        assert live.ask(live.admin_request("POST", "/enroll", body, key)).status == 202
    return live.scenario(live.outside.take_one(job="enroll_people_chunk"))


@pytest.mark.parametrize("at", each(JOINING))
def test_who_is_enrolled_in_two_sessions_of_a_training_at_once_is_in_one(live: Live, at: int) -> None:
    delivery = live.begin_with(_of_both)
    later.while_delivering(live, delivery, at, live.outside.work_off)
    live.settled()
    assert live.by_status() == {"invited": 1}
    assert sorted(int(session["num_taken"]) for session in live.sessions()) == [0, 1]


@pytest.mark.parametrize("at", each(FILLING))
def test_the_job_that_is_delivered_twice_at_once_hands_out_one_place(live: Live, at: int) -> None:
    delivery = live.begin_with(_filling)
    other = Delivery(dict(delivery.body))  # type: ignore[arg-type]
    later.while_delivering(live, delivery, at, lambda: live.outside.deliver(other))
    live.settled()
    assert [_status(live, number) for number in range(6)] == ["invited"] * 3 + ["waiting"] * 3


# ------------------------------------------------------------ fewer places while somebody takes one


def _lowering(live: Live) -> Built[Request]:
    """Two people have two of three places."""
    live.prepare()
    path = f"/{live.item['training_id']}/sessions/{live.item['session_id']}"
    assert live.ask(live.admin_request("PATCH", path, {"capacity": 3})).status == 200
    assert live.ask(_enrolling(live, live.people_ids[:2], "first")).status == 202
    live.come_to_rest()
    return live.scenario(live.admin_request("PATCH", path, {"capacity": 2}))


@pytest.mark.parametrize("at", each(RAISING))
def test_who_takes_a_place_while_it_is_taken_away_has_it_or_waits(live: Live, at: int) -> None:
    request = live.begin_with(_lowering)
    answer = later.while_asking(live, request, at, lambda: _joins(live))
    live.settled()
    (session,) = live.sessions()
    if answer.status == 409:
        assert answer.json["code"] == "capacity_too_small"
        assert (int(session["capacity"]), int(session["num_taken"]), _status(live, 2)) == (3, 3, "invited")
    else:
        assert answer.status == 200
        assert (int(session["capacity"]), int(session["num_taken"]), _status(live, 2)) == (2, 2, "waiting")
