"""I8, O6: whoever leaves the organization is taken out of the sessions to come, and their calendar is told, once."""

import pytest

from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.live_trainings import LiveTrainings

ANN, BOB = "ann@example.com", "bob@example.com"


@pytest.fixture
def live(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> LiveTrainings:
    return LiveTrainings(world, driver, monkeypatch)


def _archive(live: LiveTrainings, member: str) -> None:
    assert live.world.post(f"/orgs/{live.org}/members/{member}/archive", live.admin).status == 200


def _work_twice(live: LiveTrainings) -> None:
    """Each message comes twice."""
    while messages := live.world.messages():
        live.driver.deliver(messages)
        live.driver.deliver(messages)
    live.send()


def test_the_entry_in_their_calendar_is_cancelled_and_the_place_goes_on(live: LiveTrainings) -> None:
    training, session = live.one(capacity=1, waiting_list=True)
    ann, bob = live.person(ANN), live.person(BOB)
    live.enroll([ann, bob], (training, session))
    live.send()
    method, invited = live.event(ANN)
    assert (method, live.subjects(BOB)) == ("REQUEST", ["Waiting list: First aid"])
    _archive(live, ann)
    _work_twice(live)
    assert live.subjects(ANN) == ["Invitation: First aid", "Cancelled: First aid"]
    method, cancelled = live.event(ANN)
    assert (method, cancelled["UID"]) == ("CANCEL", invited["UID"])
    assert int(cancelled["SEQUENCE"]) > int(invited["SEQUENCE"])
    assert live.subjects(BOB) == ["Waiting list: First aid", "Invitation: First aid"]
    assert live.event(BOB)[0] == "REQUEST"
    live.sound(session)
    # What happens to the session afterwards is no news for them.
    live.ask("POST", f"/{training}/sessions/{session}/cancel", {"reason": "Storm."})
    live.driver.work()
    live.send()
    assert len(live.subjects(ANN)) == 2


def test_who_is_invited_again_meanwhile_gets_it_all_the_same(live: LiveTrainings) -> None:
    training, session = live.one()
    _, ann = live.world.learner(live.org, email=ANN)
    live.enroll([ann], (training, session))
    live.send()
    _archive(live, ann)
    live.driver.work()
    body = {"group_id": live.world.group(live.org), "emails": [ANN], "notify": "now"}
    assert live.world.post(f"/orgs/{live.org}/invites", live.admin, body).status == 201
    live.send()
    subjects = live.subjects(ANN)
    assert subjects.count("Cancelled: First aid") == 1, subjects
    assert live.event(ANN, subjects.index("Cancelled: First aid"))[0] == "CANCEL"


def test_who_has_nothing_in_a_calendar_is_not_mailed(live: LiveTrainings) -> None:
    """Who waited, who was not to know yet, and who has seen the session."""
    full, hidden, past = live.one(capacity=1, waiting_list=True), live.one(), live.one()
    ann, bob = live.person(ANN), live.person(BOB)
    live.enroll([bob, ann], full)
    live.enroll([ann], hidden, visible_from="2027-01-20T08:00:00Z")
    live.send()
    assert live.subjects(ANN) == ["Waiting list: First aid"]
    _archive(live, ann)
    _work_twice(live)
    live.driver.until("2027-01-20T08:05")
    live.driver.sweep()
    live.driver.work()
    live.send()
    assert live.subjects(ANN) == ["Waiting list: First aid"]
    live.enroll([bob], past)
    live.send()
    before = live.subjects(BOB)
    live.driver.until("2027-02-01T08:00")
    _archive(live, bob)
    _work_twice(live)
    assert live.subjects(BOB) == before
