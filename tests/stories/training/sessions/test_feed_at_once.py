"""The calendar feed is right at once also after a session began, and when its person leaves the client."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.bench.meter import Meter, metered
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.live_trainings import LiveTrainings
from tests.stories.training.sessions.test_feed_calls import ONE_QUERY, Subscriber

# The session of which Ann's feed tells lasts from 8:00 to 9:30.
DURING = datetime(2027, 2, 1, 8, 30, tzinfo=UTC)


@pytest.fixture
def ann(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Iterator[Subscriber]:
    with metered(Meter()) as meter:
        yield Subscriber(LiveTrainings(world, driver, monkeypatch), meter)


def _enter(ann: Subscriber, **attendance: list[str]) -> None:
    ann.live.ask("POST", f"/{ann.training}/sessions/{ann.session}/attendance", attendance)


def test_what_has_begun_is_certain_and_attendance_changes_nothing_of_it(ann: Subscriber) -> None:
    """Nobody announces attendance: a session of 1,000 people would be a thousand reads more."""
    before = ann.kept().text
    assert "STATUS:TENTATIVE" in before
    ann.live.world.now = DURING
    began = ann.kept().text
    assert began == before.replace("STATUS:TENTATIVE", "STATUS:CONFIRMED")
    for attendance in ({"attended": [ann.member]}, {"absent": [ann.member]}):
        _enter(ann, **attendance)
        answer, calls = ann.ask()
        assert (answer.text, calls) == (began, ONE_QUERY)
    assert ann.made_anew() == began


def test_who_is_taken_out_of_a_session_that_has_begun_sees_it_at_once(ann: Subscriber) -> None:
    ann.live.world.now = DURING
    before = ann.kept().text
    ann.live.send()
    told = ann.live.subjects("ann@example.com")
    ann.live.ask("POST", f"/{ann.training}/participants/{ann.member}/cancel")
    ann.live.driver.work()
    after = ann.ask()[0].text
    assert ("STATUS:CANCELLED" in before, "STATUS:CANCELLED" in after) == (False, True)
    assert after == ann.made_anew()
    # It is no news any more.
    ann.live.send()
    assert ann.live.subjects("ann@example.com") == told


def test_who_leaves_the_client_sees_it_before_anybody_is_told(ann: Subscriber) -> None:
    """The message that takes them out has run, and those that tell of it have not."""
    before = ann.kept().text
    world = ann.live.world
    assert world.post(f"/orgs/{ann.live.org}/members/{ann.member}/archive", ann.live.admin).status == 200
    ann.live.driver.deliver(world.messages())
    after = ann.ask()[0].text
    assert ("STATUS:CANCELLED" in before, "STATUS:CANCELLED" in after) == (False, True)
    assert after == ann.made_anew()
    assert [message for message in world.messages() if message["job"] == "tell_people"]
