"""Somebody is moved while a mail about the earlier session still waits: it tells of the session that they are in."""

from typing import Any

import pytest

from chalicelib.aws import table
from chalicelib.aws.items import EnrollmentItem
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.live_trainings import LiveTrainings

ANN = "ann@example.com"


@pytest.fixture
def live(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> LiveTrainings:
    return LiveTrainings(world, driver, monkeypatch)


def test_a_mail_that_waits_tells_of_the_session_that_its_person_is_in_by_now(
    live: LiveTrainings, monkeypatch: pytest.MonkeyPatch
) -> None:
    training, first = live.one()
    second = live.session(training, place="Room 2", starts_at="2027-03-01T09:00", ends_at="2027-03-01T10:00")
    ann = live.person(ANN)
    live.enroll([ann], (training, first))
    live.ask("PATCH", f"/{training}/participants/{ann}", {"session_id": second})
    read: list[type[Any]] = []
    get = table.get

    def noted(model: Any, *args: Any, **more: Any) -> Any:
        read.append(model)
        return get(model, *args, **more)

    with monkeypatch.context() as patched:
        patched.setattr(table, "get", noted)
        live.send()
    # Where a person is now lies beside their enrollments: this is why the mailer may read one item of that table.
    assert [model.__name__ for model in read if issubclass(model, EnrollmentItem)] == ["Participation"]
    assert live.subjects(ANN) == ["Invitation: First aid"]
    method, event = live.event(ANN)
    assert (method, str(event["LOCATION"]), event["DTSTART"].dt.month) == ("REQUEST", "Room 2", 3)
