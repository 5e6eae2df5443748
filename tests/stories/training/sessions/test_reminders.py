"""Reminders of a session, a day and an hour before (issue 12, point 8)."""

import pytest

from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.live_trainings import LiveTrainings

ANN, BOB, CAROL = (f"{name}@example.com" for name in ("ann", "bob", "carol"))


@pytest.fixture
def live(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> LiveTrainings:
    return LiveTrainings(world, driver, monkeypatch)


def swept(live: LiveTrainings, text: str) -> None:
    live.driver.until(text)
    live.driver.sweep()
    live.driver.sweep()
    live.send()


def test_who_is_to_come_is_reminded_twice_and_nobody_else(live: LiveTrainings) -> None:
    training, session = live.one(reminders=True, capacity=2, waiting_list=True)
    live.enroll([live.person(address) for address in (ANN, BOB, CAROL)], (training, session))
    live.send()
    live.answer(ANN, "confirm")
    swept(live, "2027-01-31T08:03")
    assert live.subjects(ANN) == ["Invitation: First aid", "Tomorrow: First aid"]
    assert "If you can no longer make it" in live.mails(ANN)[-1]["BodyText"]
    assert "You haven't told us yet" in live.mails(BOB)[-1]["BodyText"]
    live.answer(BOB, "decline")
    live.driver.work()
    live.send()
    swept(live, "2027-02-01T07:03")
    assert live.subjects(ANN)[2:] == ["In an hour: First aid"]
    assert live.subjects(BOB) == ["Invitation: First aid", "Tomorrow: First aid"]
    assert live.subjects(CAROL) == ["Waiting list: First aid", "Invitation: First aid", "In an hour: First aid"]
    swept(live, "2027-02-01T07:30")
    assert len(live.mails(ANN)) == 3


def test_another_time_has_reminders_of_its_own(live: LiveTrainings) -> None:
    training, session = live.one()
    live.enroll([live.person(ANN)], (training, session))
    live.patch(training, session, reminders=True)
    live.patch(training, session, starts_at="2027-02-03T09:00", ends_at="2027-02-03T10:00", notify=False)
    swept(live, "2027-01-31T08:03")
    swept(live, "2027-02-01T07:03")
    assert live.subjects(ANN) == ["Invitation: First aid"]
    swept(live, "2027-02-02T08:03")
    assert live.subjects(ANN)[1:] == ["Tomorrow: First aid"]
    live.patch(training, session, reminders=False)
    swept(live, "2027-02-03T07:03")
    assert len(live.mails(ANN)) == 2


def test_what_is_late_by_half_a_day_and_what_was_called_off_is_not_sent(live: LiveTrainings) -> None:
    first, second = live.one(reminders=True), live.one(reminders=True)
    live.enroll([live.person(ANN)], first, second)
    live.send()
    live.ask("POST", "/{}/sessions/{}/cancel".format(*second), {})
    live.driver.work()
    live.send()
    swept(live, "2027-01-31T20:00")
    assert [subject for subject in live.subjects(ANN) if subject.startswith("Tomorrow")] == []
    swept(live, "2027-02-01T07:03")
    assert live.subjects(ANN).count("In an hour: First aid") == 1


def test_nobody_is_reminded_where_it_is_not_switched_on(live: LiveTrainings) -> None:
    live.enroll([live.person(ANN)], live.one())
    live.send()
    swept(live, "2027-01-31T08:03")
    swept(live, "2027-02-01T07:03")
    assert live.subjects(ANN) == ["Invitation: First aid"]
