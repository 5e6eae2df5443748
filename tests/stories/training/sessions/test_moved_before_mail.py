"""Somebody is moved while a mail about the earlier session still waits: it tells of the session that they are in."""

import pytest

from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.live_trainings import LiveTrainings

ANN = "ann@example.com"


@pytest.fixture
def live(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> LiveTrainings:
    return LiveTrainings(world, driver, monkeypatch)


def test_a_mail_that_waits_tells_of_the_session_that_its_person_is_in_by_now(live: LiveTrainings) -> None:
    """Where a person is by now lies beside their enrollments: this is why the mailer may read one item of that table.

    The comparison of calls and policies (infra/check_policies.py) sees the call here.
    """
    training, first = live.one()
    second = live.session(training, place="Room 2", starts_at="2027-03-01T09:00", ends_at="2027-03-01T10:00")
    ann = live.person(ANN)
    live.enroll([ann], (training, first))
    live.ask("PATCH", f"/{training}/participants/{ann}", {"session_id": second})
    live.send()
    assert live.subjects(ANN) == ["Invitation: First aid"]
    method, event = live.event(ANN)
    assert (method, str(event["LOCATION"]), event["DTSTART"].dt.month) == ("REQUEST", "Room 2", 3)
