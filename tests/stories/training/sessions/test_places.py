"""Capacity and the waiting list: never over, first come first served, a freed place is handed on at once (O5, 3.2)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.training.sessions import participant_store
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.live_trainings import LiveTrainings

ANN, BOB, CAROL, DAVE = (f"{name}@example.com" for name in ("ann", "bob", "carol", "dave"))


@pytest.fixture
def live(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> LiveTrainings:
    return LiveTrainings(world, driver, monkeypatch)


def numbers(live: LiveTrainings, training: str, session: str) -> tuple[int, int]:
    read = live.read(training, session)
    return read["num_taken"], read["num_waiting"]


def test_who_finds_no_place_waits_and_gets_the_first_that_is_freed(live: LiveTrainings) -> None:
    training, session = live.one(capacity=1, waiting_list=True)
    people = [live.person(address) for address in (ANN, BOB, CAROL)]
    enroll_id = live.enroll(people, (training, session))
    rows = live.results(enroll_id)
    assert [(row["code"], row["place_in_line"]) for row in rows] == [("invited", None), ("waiting", 1), ("waiting", 2)]
    live.send()
    assert live.subjects(ANN) == ["Invitation: First aid"]
    assert live.subjects(BOB) == ["Waiting list: First aid"]
    assert "number 2 on the waiting list" in live.world.get(f"/rsvp/{live.token(CAROL)}").text
    assert live.answer(BOB, "confirm").status == 409

    assert live.answer(ANN, "decline").status == 303
    live.driver.work()
    live.send()
    assert live.subjects(BOB) == ["Waiting list: First aid", "Invitation: First aid"]
    assert live.event(BOB)[0] == "REQUEST"
    assert live.subjects(CAROL) == ["Waiting list: First aid"]
    assert numbers(live, training, session) == (1, 1)
    live.sound(session)
    assert live.answer(CAROL, "decline").status == 303
    assert numbers(live, training, session) == (1, 0)
    # Who comes back finds the session full, and waits again.
    assert live.answer(ANN, "confirm").status == 303
    assert numbers(live, training, session) == (1, 1)
    live.sound(session)
    # And is invited anew once a place is free: for the calendar it is the same entry, under a higher SEQUENCE.
    live.driver.work()
    live.send()
    assert live.subjects(ANN) == ["Invitation: First aid", "Waiting list: First aid"]
    assert live.answer(BOB, "decline").status == 303
    live.driver.work()
    live.send()
    assert live.subjects(ANN) == ["Invitation: First aid", "Waiting list: First aid", "Invitation: First aid"]
    (_, first), (method, again) = live.event(ANN, 0), live.event(ANN)
    assert (method, again["UID"], int(again["SEQUENCE"])) == ("REQUEST", first["UID"], int(first["SEQUENCE"]) + 1)
    live.sound(session)


def test_a_full_session_without_a_waiting_list_refuses_with_a_reason(live: LiveTrainings) -> None:
    training, session = live.one(capacity=2)
    enroll_id = live.enroll([live.person(address) for address in (ANN, BOB, CAROL)], (training, session))
    rows = live.results(enroll_id)
    assert [row["code"] for row in rows] == ["invited", "invited", "session_full"]
    assert (rows[2]["result"], rows[2]["sentence"]) == (
        "failed", "The session is full and has no waiting list.",
    )  # fmt: skip
    live.sound(session)


def test_added_places_go_to_those_who_wait_and_not_to_newcomers(live: LiveTrainings) -> None:
    training, session = live.one(capacity=1, waiting_list=True)
    live.enroll([live.person(address) for address in (ANN, BOB, CAROL)], (training, session))
    live.patch(training, session, capacity=2)
    # Before the places are handed out, somebody new asks.
    late = live.enroll([live.person(DAVE)], (training, session))
    assert live.outcomes(late) == ["waiting"]
    assert numbers(live, training, session) == (2, 2)
    live.send()
    # His place in line was over before he was told of it.
    assert live.subjects(BOB) == ["Invitation: First aid"]
    live.sound(session)
    live.patch(training, session, capacity=None)
    live.driver.work()
    assert numbers(live, training, session) == (4, 0)
    live.sound(session)


def test_a_line_that_takes_nobody_any_more_is_served_all_the_same(live: LiveTrainings) -> None:
    training, session = live.one(capacity=1, waiting_list=True)
    live.enroll([live.person(address) for address in (ANN, BOB, CAROL)], (training, session))
    live.patch(training, session, waiting_list=False)
    assert live.outcomes(live.enroll([live.person(DAVE)], (training, session))) == ["session_full"]
    live.patch(training, session, capacity=2)
    live.driver.work()
    assert numbers(live, training, session) == (2, 1)
    live.send()
    assert live.subjects(BOB)[-1] == "Invitation: First aid"
    live.answer(ANN, "decline")
    assert numbers(live, training, session) == (2, 0)
    live.sound(session)


def test_a_capacity_below_the_places_taken_is_refused(live: LiveTrainings) -> None:
    training, session = live.one(capacity=3)
    live.enroll([live.person(address) for address in (ANN, BOB)], (training, session))
    assert live.patch(training, session, 409, capacity=1)["code"] == "capacity_too_small"
    assert live.patch(training, session, capacity=2)["num_free"] == 0


def test_a_lost_message_fills_added_places_all_the_same(live: LiveTrainings) -> None:
    training, session = live.one(capacity=1, waiting_list=True)
    live.enroll([live.person(address) for address in (ANN, BOB)], (training, session))
    live.patch(training, session, capacity=2)
    live.world.messages()
    live.later(minutes=13)
    live.driver.sweep()
    assert numbers(live, training, session) == (2, 0)


def _at_once(*actions: Callable[[], object]) -> list[object]:
    with ThreadPoolExecutor(len(actions)) as pool:
        return [done.result() for done in [pool.submit(action) for action in actions]]


def test_two_who_come_back_for_the_last_place_at_the_same_moment_get_one_a_hundred_times(live: LiveTrainings) -> None:
    training, session = live.one(capacity=1, waiting_list=True)
    live.enroll([live.person(ANN)], (training, session))
    live.send()
    live.enroll([live.person(BOB)], (training, session))
    live.send()
    tokens = [live.token(ANN), live.token(BOB)]

    def answer(token: str, word: str) -> int:
        return live.world.submit(f"/rsvp/{token}", {"answer": word}).status

    for _ in range(100):
        for token in tokens:
            assert answer(token, "decline") == 303
        assert numbers(live, training, session) == (0, 0)
        statuses = _at_once(lambda: answer(tokens[0], "confirm"), lambda: answer(tokens[1], "confirm"))
        assert statuses == [303, 303]
        assert numbers(live, training, session) == (1, 1)
    live.sound(session)


def test_two_leave_beside_a_greater_capacity_and_nobody_in_line_is_passed_over(live: LiveTrainings) -> None:
    training, session = live.one(capacity=2, waiting_list=True)
    addresses = [f"p{number}@example.com" for number in range(7)]
    people = [live.person(address) for address in addresses]
    live.enroll(people, (training, session))
    live.send()
    tokens = {address: live.token(address) for address in addresses}
    _at_once(
        lambda: live.world.submit(f"/rsvp/{tokens[addresses[0]]}", {"answer": "decline"}),
        lambda: live.patch(training, session, capacity=3),
        lambda: live.world.submit(f"/rsvp/{tokens[addresses[1]]}", {"answer": "decline"}),
    )
    live.driver.work()
    assert numbers(live, training, session) == (3, 2)
    assert participant_store.line(live.org, session) == people[5:]
    live.sound(session)
