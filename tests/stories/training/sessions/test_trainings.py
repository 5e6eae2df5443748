"""Trainings and their sessions as admins make, find, change and archive them (O4)."""

from typing import Any

import pytest

from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.live_trainings import LiveTrainings


@pytest.fixture
def live(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> LiveTrainings:
    return LiveTrainings(world, driver, monkeypatch)


def listed(live: LiveTrainings, query: str = "") -> list[str]:
    return [row["title"] for row in live.world.every(live.base + query, live.admin)]


def codes(answer: Any) -> set[tuple[str, str]]:
    return {(error["field"], error["code"]) for error in answer["errors"]}


def test_a_session_shows_its_local_times_and_both_instants(live: LiveTrainings) -> None:
    training = live.training(description="Bring a pen.")
    times = {"starts_at": "2027-07-01T09:00", "ends_at": "2027-07-01T10:30", "time_zone": "Asia/Kathmandu"}
    link = "https://meet.example/1"
    session = live.session(training, **times, web_link=link, instructor="Dr. Kim", capacity=5, waiting_list=True)
    read = live.read(training, session)
    assert {name: read[name] for name in times} == times
    assert (read["starts_utc"], read["ends_utc"]) == ("2027-07-01T03:15:00Z", "2027-07-01T04:45:00Z")
    assert (read["place"], read["web_link"], read["instructor"]) == ("Room 1", link, "Dr. Kim")
    assert (read["capacity"], read["waiting_list"], read["num_taken"], read["num_free"]) == (5, True, 0, 5)
    # In another zone the same hours are other instants.
    moved = live.patch(training, session, time_zone="Europe/Berlin")
    assert (moved["starts_at"], moved["starts_utc"]) == (times["starts_at"], "2027-07-01T07:00:00Z")


def test_a_session_is_somewhere_ends_after_it_starts_and_is_to_come(live: LiveTrainings) -> None:
    training = live.training()
    path = f"/{training}/sessions"
    form = {"starts_at": "2027-02-01T09:00", "ends_at": "2027-02-01T10:30", "time_zone": "Europe/Berlin"}
    assert ("place", "required") in codes(live.ask("POST", path, form, 422))
    assert live.ask("POST", path, {**form, "place": "A", "ends_at": "2027-02-01T08:00"}, 422)
    past = {**form, "place": "A", "starts_at": "2020-02-01T09:00", "ends_at": "2020-02-01T10:00"}
    assert ("starts_at", "in_the_past") in codes(live.ask("POST", path, past, 422))
    assert live.ask("POST", path, {**form, "place": "A", "time_zone": "Mars/Olympus"}, 422)
    assert live.ask("POST", path, {**form, "place": "A", "web_link": "javascript:alert(1)"}, 422)
    session = live.session(training)
    assert ("place", "required") in codes(live.ask("PATCH", f"{path}/{session}", {"place": None}, 422))
    assert live.patch(training, session, place=None, web_link="https://meet.example/1")["place"] is None


def test_the_list_counts_sessions_and_people_and_is_searched_by_title(live: LiveTrainings) -> None:
    first, _ = live.training("First aid"), live.training("Working at heights")
    early = live.session(first)
    late = live.session(first, starts_at="2027-03-01T09:00", ends_at="2027-03-01T10:00")
    live.enroll([live.person("ann@example.com"), live.person("bob@example.com")], (first, early))
    live.enroll([live.person("carol@example.com")], (first, late))
    assert listed(live) == ["Working at heights", "First aid"]
    assert listed(live, "?search=AID") == ["First aid"]
    assert listed(live, "?search=nothing") == []
    read = live.ask("GET", f"/{first}")
    assert (read["num_sessions"], read["next_session_at"], read["num_participants"]) == (2, "2027-02-01T08:00:00Z", 3)
    # What was called off does not count; it stays in the list of sessions, with the reason.
    live.ask("POST", f"/{first}/sessions/{early}/cancel", {"reason": "Storm"})
    read = live.ask("GET", f"/{first}")
    assert (read["num_sessions"], read["next_session_at"], read["num_participants"]) == (1, "2027-03-01T08:00:00Z", 1)
    rows = live.world.every(f"{live.base}/{first}/sessions", live.admin)
    assert [(row["status"], row["cancel_reason"]) for row in rows] == [("cancelled", "Storm"), ("open", None)]


def test_an_archived_training_takes_no_more_sessions_and_people_and_keeps_its_record(live: LiveTrainings) -> None:
    training, session = live.one()
    ann = live.person("ann@example.com")
    live.enroll([ann], (training, session))
    assert live.ask("POST", f"/{training}/archive", status=409)["code"] == "sessions_to_come"
    live.driver.until("2027-02-01T10:00")
    live.ask("POST", f"/{training}/archive")
    assert (listed(live), listed(live, "?archived=true")) == ([], ["First aid"])
    form = {
        "starts_at": "2027-05-01T09:00", "ends_at": "2027-05-01T10:30", "time_zone": "Europe/Berlin", "place": "A",
    }  # fmt: skip
    assert live.ask("POST", f"/{training}/sessions", form, 409)["code"] == "archived"
    assert live.ask("PATCH", f"/{training}", {"title": "Other"}, 409)["code"] == "archived"
    body = {"member_ids": [ann], "items": [{"training_id": training, "session_id": session}]}
    assert codes(live.ask("POST", "/enroll", body, 422)) == {("items.0.training_id", "archived")}
    # Who was there is entered all the same.
    live.ask("POST", f"/{training}/sessions/{session}/attendance", {"attended": [ann]})
    assert [row["status"] for row in live.participants(training)] == ["attended"]
