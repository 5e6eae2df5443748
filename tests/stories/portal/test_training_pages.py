"""The organization's live trainings: sessions, participants, attendance and results, the file of them."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.training.sessions import participants
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.live_trainings import LiveTrainings
from tests.stories.portal.browser import Browser, Page


class Place:
    """A training with one session in Berlin, and its admin's browser."""

    def __init__(self, live: LiveTrainings) -> None:
        self.live, self.world = live, live.world
        self.browser = Browser(live.world).has_session_of(live.admin)
        self.training, self.session = live.one(capacity=5, waiting_list=True)
        self.base = f"{live.base}/{self.training}"
        self.here = f"{self.base}/sessions/{self.session}"

    def people(self, *names: str, **fields: Any) -> list[str]:
        found = [
            self.live.person(f"{name.lower()}@acme.example", first_name=name, last_name="Hale", **fields)
            for name in names
        ]
        self.live.enroll(found, (self.training, self.session))
        return found

    def starts(self) -> None:
        self.world.now += timedelta(days=28)
        self.browser = Browser(self.world).has_session_of(self.live.admin)

    def status(self, member: str) -> str:
        (row,) = [one for one in self.live.participants(self.training) if one["member_id"] == member]
        return str(row["status"])


@pytest.fixture
def place(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(LiveTrainings(world, driver, monkeypatch))


def rows(page: Page) -> int:
    body = page.answer.text.partition("<tbody>")[2].partition("</tbody>")[0]
    return body.count("<tr>")


def test_a_training_and_its_session_are_made_changed_and_cancelled(place: Place) -> None:
    browser = place.browser
    browser.open(place.live.base)
    browser.follow("New training")
    page = browser.press("Create training", title=" ")
    assert page.status == 422
    assert page.title.startswith("Error:")
    form = page.form("Create training")
    page = browser.send(form, title="Fire drill", description="Line one\r\nline two", certificate="yes")
    assert "Next, add its first session." in page.text
    again = browser.send(form, title="Fire drill", description="Line one\r\nline two", certificate="yes")
    assert again.address == page.address
    browser.follow("New session")
    page = browser.press("Create session", starts_at="2027-03-28T09:00", ends_at="2027-03-28T08:00", place="Yard")
    assert "The end has to be after the start." in page.text
    assert ("starts_at", "2027-03-28T09:00") in page.form("Create session").fields
    page = browser.press("Create session", capacity="many", ends_at="2027-03-28T10:00")
    assert page.status == 422
    form = page.form("Create session")
    page = browser.send(form, capacity="12", time_zone="Europe/Berlin")
    assert "Sun 28 Mar 2027, 09:00 Europe/Berlin" in page.text
    assert "(07:00 UTC)" in page.text
    browser.send(form, capacity="12", time_zone="Europe/Berlin")
    listed = browser.open(place.live.base)
    browser.follow("Fire drill")
    assert rows(browser.page) == 1
    assert "1 session" in browser.page.text
    browser.follow("Change")
    page = browser.press("Save", title="Fire drill, autumn")
    assert page.heading == "Fire drill, autumn"
    assert "Fire drill" in listed.text
    link = next(href for name, href in page.links if "Europe/Berlin" in name)
    browser.open(link)
    browser.follow("Change")
    page = browser.press("Save", ends_at="2027-03-28T11:00", capacity="")
    assert "Saved." in page.text
    assert "no limit" in page.text
    browser.follow("Cancel the session")
    form = browser.page.form("Cancel the session")
    page = browser.send(form, reason="Snow")
    assert "The session was cancelled" in page.text
    assert "Snow" in page.text
    assert browser.send(form, reason="Snow").status == 200
    browser.open(f"{page.address.partition('/sessions')[0]}/archive")
    page = browser.press("Archive Fire drill, autumn")
    assert "The training was archived." in page.text
    assert "Fire drill" not in browser.open(place.live.base).text
    assert "Fire drill" in browser.open(f"{place.live.base}?archived=yes&search=drill").text


def test_numbers_are_those_of_the_lists_behind(place: Place) -> None:
    place.people("Ann", "Ben", "Cem", "Dee", "Eva", "Fay", "Gil")
    (first, *_) = [one["member_id"] for one in place.live.participants(place.training) if one["first_name"] == "Ann"]
    page = place.browser.open(place.here)
    counted = {name.split(" ", 1)[1]: (int(name.split()[0]), href) for name, href in page.links if name[:1].isdecimal()}
    assert {words: number for words, (number, _) in counted.items()} == {"with a place": 5, "on the waiting list": 2}
    for number, href in counted.values():
        assert rows(place.browser.open(href)) == number, href
    page = place.browser.open(place.base)
    number, href = next((int(name.split()[0]), href) for name, href in page.links if name.endswith("with a place"))
    assert rows(place.browser.open(href)) == number == 5
    page = place.browser.open(place.live.base)
    number, href = next((int(name.split()[0]), href) for name, href in page.links if name.endswith("in First aid"))
    assert rows(place.browser.open(href)) == number == 5
    assert first


def test_participants_are_found_sorted_and_say_how_they_were_told(place: Place) -> None:
    place.people("Ann", "Eve")
    bare = place.world.member(place.live.org, email=None, first_name="Max", last_name="Stone")
    place.live.enroll([bare], (place.training, place.session))
    place.live.send()
    place.live.answer("eve@acme.example", "confirm")
    page = place.browser.open(f"{place.base}/participants?sort=name")
    assert page.text.index("Ann Hale") < page.text.index("Eve Hale") < page.text.index("Max Stone")
    assert "No email address. They see it in their account" in page.text
    assert "by link in the email" in page.text
    page = place.browser.press("Show", search="eve")
    assert rows(page) == 1
    assert "Eve Hale" in page.text
    page = place.browser.press("Show", search="stone")
    assert "Max Stone" in page.text
    assert "Nobody matches." in place.browser.press("Show", search="nobody").text
    page = place.browser.open(f"{place.base}/participants?status=confirmed&session_id={place.session}")
    assert rows(page) == 1


def test_somebody_is_moved_and_cancelled_after_a_question(place: Place) -> None:
    (ann, ben) = place.people("Ann", "Ben")
    other = place.live.session(place.training, starts_at="2027-02-08T09:00", ends_at="2027-02-08T10:00")
    page = place.browser.open(f"{place.base}/participants/{ann}")
    form = page.form("Move and notify Ann Hale")
    page = place.browser.send(form, session_id=other)
    assert "Moved and notified." in page.text
    assert "Mon 8 Feb 2027" in page.text
    assert place.browser.send(form, session_id=other).status == 200
    place.browser.open(f"{place.base}/participants/{ben}")
    place.browser.follow("Cancel Ben Hale")
    form = place.browser.page.form("Cancel Ben Hale")
    page = place.browser.send(form)
    assert "Cancelled and notified." in page.text
    place.browser.send(form)
    assert place.status(ben) == "cancelled"
    place.live.sound(place.session)
    place.live.sound(other)


def test_attendance_of_a_page_is_saved_together_and_nothing_else_is_touched(place: Place) -> None:
    ann, ben, cem = place.people("Ann", "Ben", "Cem")
    early = place.browser.open(f"{place.here}/attendance")
    assert "once the session has started" in early.text
    assert place.browser.request("POST", f"{place.here}/attendance", [("go", "rest"), ("member_id", ann)]).status == 409
    place.starts()
    place.browser.open(place.here)
    page = place.browser.follow("Attendance and results")
    form = page.form("Save")
    page = place.browser.send(form, **{f"score_{ann}": "101", f"attendance_{ann}": "attended"})
    assert page.status == 422
    assert (f"score_{ann}", "101") in page.form("Save").fields
    page = place.browser.send(form, **{f"score_{ann}": "90", f"attendance_{ann}": "attended", f"comment_{ann}": "Well"})
    assert "Saved 1 person." in page.text
    # Sent again, and from a page that somebody else has overtaken meanwhile: what they entered stays.
    place.live.ask("PATCH", f"/{place.training}/participants/{ben}", {"score": 70, "comment": "By phone"})
    page = place.browser.send(form, **{f"attendance_{cem}": "absent"})
    assert "Saved 1 person." in page.text
    by_id = {one["member_id"]: one for one in place.live.participants(place.training)}
    assert (by_id[ann]["status"], by_id[ann]["score"], by_id[ann]["comment"]) == ("attended", 90, "Well")
    assert (by_id[ben]["status"], by_id[ben]["score"], by_id[ben]["comment"]) == ("invited", 70, "By phone")
    assert by_id[cem]["status"] == "absent"
    page = place.browser.send(page.form("Save"), go="rest")
    assert place.status(ben) == "attended"
    assert place.status(cem) == "absent"
    assert "Nothing was changed." in place.browser.send(place.browser.page.form("Save"), go="stay").text


@pytest.mark.parametrize("sorted_up_to", [1000, 60])
def test_many_people_are_entered_page_by_page(place: Place, sorted_up_to: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """By name, or in the order of the session where they are too many to sort."""
    monkeypatch.setattr(participants, "MAX_SORTED", sorted_up_to)
    training, session = place.training, place.live.session(place.training)
    members = place.world.members(place.live.org, 120)
    place.live.enroll(members, (training, session))
    place.starts()
    page = place.browser.open(f"{place.base}/sessions/{session}/attendance")
    seen = [rows(page)]
    for _ in range(2):
        form = page.form("Save and continue to the next page")
        chosen = {name: "attended" for name in form.names() if name.startswith("attendance_")}
        page = place.browser.send(form, go="next", **chosen)
        assert "Saved 50 people." in page.text
        seen.append(rows(page))
    assert seen == [50, 50, 20]
    place.browser.send(page.form("Save"), go="rest")
    statuses = {one["status"] for one in place.live.participants(training, f"session_id={session}")}
    assert statuses == {"attended"}
    page = place.browser.open(f"{place.base}/participants?sort=name&session_id={session}")
    assert page.status == (200 if sorted_up_to == 1000 else 422)


def test_a_single_result_is_entered_on_the_persons_page(place: Place) -> None:
    (ann,) = place.people("Ann")
    page = place.browser.open(f"{place.base}/participants/{ann}")
    assert "Attendance and result" not in page.text
    place.starts()
    place.browser.open(f"{place.base}/participants/{ann}")
    page = place.browser.press("Save", attendance="attended", score="2000")
    assert page.status == 422
    page = place.browser.press("Save", score="88")
    assert "Saved." in page.text
    (row,) = place.live.participants(place.training)
    assert (row["status"], row["score"]) == ("attended", 88)


def test_the_list_is_a_file(place: Place, driver: Driver) -> None:
    place.people("Ann", "Ben")
    page = place.browser.open(f"{place.base}/participants")
    form = page.form("Export as CSV")
    page = place.browser.send(form)
    assert "We're preparing your file." in page.text
    assert place.browser.send(form).address == page.address
    driver.work()
    page = place.browser.open(page.address)
    assert "The file is ready: 2 rows." in page.text
    answer = place.browser.request("GET", page.link("Download CSV"))
    assert (answer.status, ".csv" in answer.headers["location"]) == (303, True)


def test_who_is_limited_to_a_department_sees_and_enters_its_people_only(place: Place) -> None:
    world = place.world
    docks, office = world.department(place.live.org, "Docks"), world.department(place.live.org, "Office")
    (mine,), (other,) = place.people("Ann", department_id=docks), place.people("Ben", department_id=office)
    admin = world.org_admin(place.live.org, role="department_admin", department_ids=[docks])
    browser = Browser(world).has_session_of(admin)
    page = browser.open(f"{place.base}/participants")
    assert "Ann Hale" in page.text
    assert "Ben Hale" not in page.text
    assert browser.open(f"{place.base}/participants/{mine}").status == 200
    for path in (f"participants/{other}", f"participants/{other}/cancel", "edit", "sessions/new", "archive"):
        assert browser.open(f"{place.base}/{path}").status == 403, path
    assert browser.open(f"{place.live.base}/new").status == 403
    for path in (f"participants/{other}/cancel", f"participants/{other}/result", f"participants/{other}/move"):
        assert browser.request("POST", f"{place.base}/{path}", [("session_id", place.session)]).status == 403, path
    assert browser.request("POST", f"{place.here}/cancel", []).status == 403
    place.starts()
    browser = Browser(world).has_session_of(admin)
    page = browser.open(f"{place.here}/attendance")
    assert rows(page) == 1
    fields = [("member_id", other), (f"attendance_{other}", "attended"), ("go", "stay")]
    assert "couldn't be saved" in browser.request("POST", f"{place.here}/attendance", fields).text
    assert place.status(other) == "invited"


def test_a_grid_that_was_filled_in_when_the_session_ended_is_not_lost(place: Place) -> None:
    (ann,) = place.people("Ann")
    place.starts()
    form = place.browser.open(f"{place.here}/attendance").form("Save")
    place.world.now += timedelta(hours=2)
    page = place.browser.send(form, **{f"attendance_{ann}": "attended", f"comment_{ann}": "Well done"})
    assert page.heading == "Log in"
    assert "What you typed is kept" in page.text
    assert place.status(ann) == "invited"
    place.browser.has_session_of(place.live.admin)
    page = place.browser.open("/continue")
    assert page.forms
    sent = next(one for one in page.forms if f"comment_{ann}" in one.names())
    page = place.browser.send(sent)
    assert "Saved 1 person." in page.text
    assert place.status(ann) == "attended"
