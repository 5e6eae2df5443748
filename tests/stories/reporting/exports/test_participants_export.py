"""The participants page as a CSV file, with what the caller may see."""

import csv
import io
from typing import Any

import pytest

from tests.harness import World
from tests.patience import fetched
from tests.stories.driver import Driver
from tests.stories.live_trainings import LiveTrainings


@pytest.fixture
def live(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> LiveTrainings:
    return LiveTrainings(world, driver, monkeypatch)


def _rows(live: LiveTrainings, training: str, query: str = "", as_: Any = None) -> list[dict[str, str]]:
    who = as_ or live.admin
    answer = live.world.post(f"{live.base}/{training}/participants/export{query}", who)
    assert answer.status == 202, answer.text
    live.driver.work()
    ready = live.world.get(f"/orgs/{live.org}/exports/{answer.json['export_id']}", who).json
    assert (ready["kind"], ready["status"]) == ("participants", "ready")
    content, headers = fetched(ready["url"])
    assert (
        "participants-acme-industries-first-aid"
        in {name.lower(): one for name, one in headers.items()}["content-disposition"]
    )
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_every_participant_is_a_line_with_answer_mail_and_result(live: LiveTrainings) -> None:
    training, session = live.one(capacity=2, waiting_list=True)
    other = live.session(training, starts_at="2027-03-01T09:00", ends_at="2027-03-01T10:00")
    names = ("=cmd()", "Bob", "Carol")
    people = [
        live.person(f"p{number}@example.com", first_name=name, last_name="Lee") for number, name in enumerate(names)
    ]
    live.enroll(people, (training, session))
    live.enroll([live.person("d@example.com")], (training, other))
    live.send()
    live.answer("p1@example.com", "confirm")
    live.driver.until("2027-02-01T08:30")
    live.ask("PATCH", f"/{training}/participants/{people[1]}", {"attendance": "attended", "score": 90})
    rows = {row["email"]: row for row in _rows(live, training)}
    assert [rows[f"p{number}@example.com"]["status"] for number in range(3)] == ["invited", "attended", "waiting"]
    # A spreadsheet does not run it.
    assert rows["p0@example.com"]["first_name"] == "'=cmd()"
    bob = rows["p1@example.com"]
    assert (bob["answered_by"], bob["score"], bob["mail_state"]) == ("page", "90", "sent")
    assert (bob["starts_at"], bob["time_zone"], bob["session_id"]) == ("2027-02-01T09:00", "Europe/Berlin", session)
    assert rows["p2@example.com"]["place_in_line"] == "1"
    assert rows["d@example.com"]["starts_at"] == "2027-03-01T09:00"
    assert [row["email"] for row in _rows(live, training, f"?session_id={other}")] == ["d@example.com"]
    assert [row["email"] for row in _rows(live, training, "?status=waiting")] == ["p2@example.com"]


def test_who_looks_after_a_department_exports_its_people_only(live: LiveTrainings) -> None:
    training, session = live.one()
    mine = live.world.department(live.org)
    live.enroll(
        [live.person("ann@example.com", department_id=mine), live.person("bob@example.com")], (training, session)
    )
    admin = live.world.org_admin(live.org, role="department_admin", department_ids=[mine])
    assert [row["email"] for row in _rows(live, training, as_=admin)] == ["ann@example.com"]
    other = live.world.org_admin(live.org, role="department_admin", department_ids=[live.world.department(live.org)])
    assert _rows(live, training, as_=other) == []


def test_more_people_than_a_page_are_all_there(live: LiveTrainings) -> None:
    training, session = live.one()
    live.enroll(live.world.members(live.org, 130), (training, session))
    assert len({row["member_id"] for row in _rows(live, training)}) == 130


def test_what_is_not_there_is_not_exported(live: LiveTrainings) -> None:
    training, _ = live.one()
    assert live.ask("POST", "/nothing/participants/export", status=404)
    assert live.ask("POST", f"/{training}/participants/export?session_id=nothing", status=404)
