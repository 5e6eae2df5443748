"""The private calendar feed (L1): what it shows, that it is cheap, and that its address can be renewed."""

import re
import warnings
from pathlib import Path

import icalendar
import pytest

from tests.calendar_programs.caldav import CalDavServer
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.live_trainings import LiveTrainings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import vobject


@pytest.fixture
def live(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> LiveTrainings:
    return LiveTrainings(world, driver, monkeypatch)


def shown(text: str) -> dict[str, tuple[str, int]]:
    calendar = icalendar.Calendar.from_ical(text)
    assert str(calendar["METHOD"]) == "PUBLISH"
    events = calendar.walk("VEVENT")
    other = vobject.readOne(text)
    assert [event.uid.value for event in getattr(other, "vevent_list", [])] == [str(event["UID"]) for event in events]
    return {str(event["SUMMARY"]): (str(event["STATUS"]), int(event["SEQUENCE"])) for event in events}


def test_it_shows_what_is_to_come_and_keeps_what_was_cancelled_for_a_month(live: LiveTrainings, tmp_path: Path) -> None:
    account, member = live.world.learner(live.org, email="ann@example.com")
    assert live.world.get("/me/calendar", account).json == {"address": None}
    address = live.world.post("/me/calendar", account).json["address"]
    assert live.world.get("/me/calendar", account).json == {"address": address}
    path = "/calendar/" + address.rpartition("/")[2]
    assert live.world.get(path).text.count("BEGIN:VEVENT") == 0

    chosen = {}
    for title in ("Confirmed", "Invited", "Declined", "Full", "Off"):
        training = live.training(title)
        chosen[title] = (training, live.session(training, capacity=1, waiting_list=True))
    live.enroll([live.person(None, login_name="first")], chosen["Full"])
    live.enroll([member], *chosen.values())
    own = f"/me/trainings/{live.org}.{member}.{{}}/{{}}"
    live.world.post(own.format(chosen["Confirmed"][0], "confirm"), account)
    live.world.post(own.format(chosen["Declined"][0], "decline"), account)
    live.ask("POST", "/{}/sessions/{}/cancel".format(*chosen["Off"]), {})
    live.driver.work()
    answer = live.world.get(path)
    assert answer.headers["content-type"].startswith("text/calendar")
    assert shown(answer.text) == {"Confirmed": ("CONFIRMED", 0), "Invited": ("TENTATIVE", 0), "Off": ("CANCELLED", 1)}
    # A real CalDAV server takes it as it came, and finds what it says.
    server = CalDavServer(tmp_path)
    assert server.take(answer.text) == 201
    assert sorted(re.findall(r"SUMMARY:(\w+)", server.calendar())) == ["Confirmed", "Invited", "Off"]
    assert "SUMMARY:Invited" in server.between("20270201T080000Z", "20270201T090000Z")
    # Nothing has changed: nothing is sent.
    again = live.world.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status, again.text) == (304, "")
    live.later(minutes=1)
    live.patch(*chosen["Invited"], place="Room 2")
    moved = live.world.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (moved.status, shown(moved.text)["Invited"]) == (200, ("TENTATIVE", 1))
    # Some programs take an update by its time stamp only.
    stamps = {
        str(event["SUMMARY"]): (event["DTSTAMP"].dt, event["LAST-MODIFIED"].dt)
        for event in icalendar.Calendar.from_ical(moved.text).walk("VEVENT")
    }
    assert stamps["Invited"] == (live.world.now, live.world.now)
    assert stamps["Confirmed"][0] < live.world.now
    # The entry of the mail and that of the feed are one.
    live.send()
    uids = {str(event["UID"]) for event in icalendar.Calendar.from_ical(moved.text).walk("VEVENT")}
    number = live.subjects("ann@example.com").index("Invitation: Confirmed")
    assert str(live.event("ann@example.com", number)[1]["UID"]) in uids
    live.later(days=31)
    assert shown(live.world.get(path).text).keys() == {"Confirmed", "Invited"}
    live.later(days=31)
    assert shown(live.world.get(path).text) == {}


def test_a_renewed_address_works_and_the_old_one_is_dead(live: LiveTrainings) -> None:
    account = live.world.account()
    first = live.world.post("/me/calendar", account, headers={"Idempotency-Key": "1"}).json["address"]
    assert live.world.post("/me/calendar", account, headers={"Idempotency-Key": "1"}).json["address"] == first
    second = live.world.post("/me/calendar", account, headers={"Idempotency-Key": "2"}).json["address"]
    assert first != second
    assert live.world.get("/calendar/" + first.rpartition("/")[2]).status == 404
    assert live.world.get("/calendar/" + second.rpartition("/")[2]).status == 200
    assert live.world.get("/calendar/nothing").status == 404
