"""One person's learning in the portal: why, due dates, results, cancelling, mails; and the announcement."""

import pytest

from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.mailbox import Mailbox
from tests.stories.portal.browser import Browser


class Desk:
    def __init__(self, world: World, driver: Driver, course: str) -> None:
        self.world, self.driver, self.course = world, driver, course
        (self.org,) = driver.clients(course, "Alderquay Logistics")
        self.admin = world.org_admin(self.org)
        self.member = world.member(self.org, first_name="Kim", last_name="Hale", email="kim@acme.example")
        switches = {"enrollment": True, "reminders": False}
        driver.launch(self.org, [course], name="Q1 awareness", notifications=switches)
        self.base = f"/orgs/{self.org}/learners/{self.member}"
        self.browser = Browser(world).has_session_of(self.admin)

    def enrolled(self) -> dict[str, object]:
        (one,) = self.driver.enrollments(self.org, self.member)
        return one


@pytest.fixture
def desk(world: World, driver: Driver, course: str) -> Desk:
    return Desk(world, driver, course)


def test_it_says_why_and_results_and_due_dates_are_entered(desk: Desk) -> None:
    desk.browser.open(desk.base)
    page = desk.browser.follow("Enrolled Learning")
    assert "Your provider's batch Q1 awareness" in page.text
    page = desk.browser.follow("Spotting Phishing")
    page = desk.browser.press("Save", due_by="2020-01-01")
    assert page.status == 422
    assert page.title.startswith("Error:")
    page = desk.browser.press("Save", due_by="2030-05-01")
    assert "Wed 1 May 2030" in page.text
    assert desk.enrolled()["due_by"] == "2030-05-01"
    desk.browser.follow("Spotting Phishing")
    page = desk.browser.press("Mark as completed", score="300")
    assert page.status == 422
    page = desk.browser.press("Mark as completed", score="88")
    assert "88 of 100" in page.text
    # A correction of the score keeps the day.
    before = str(desk.enrolled()["completed_at"])[:10]
    desk.browser.follow("Spotting Phishing")
    desk.browser.press("Correct", score="90")
    assert (desk.enrolled()["score"], str(desk.enrolled()["completed_at"])[:10]) == (90, before)


def test_an_enrollment_is_cancelled_once(desk: Desk) -> None:
    desk.browser.open(f"{desk.base}/learning")
    form = desk.browser.follow("Spotting Phishing").form("Cancel this enrollment")
    for _ in range(2):
        assert "The enrollment is cancelled" in desk.browser.send(form).text
    assert desk.enrolled()["status"] == "cancelled"
    page = desk.browser.follow("Spotting Phishing")
    assert "by an admin" in page.text
    assert "Save" not in [button for one in page.forms for button in one.buttons]


def test_mails_say_what_became_of_them(desk: Desk, mailbox: Mailbox) -> None:
    mailbox.send()
    page = desk.browser.open(f"{desk.base}/mails")
    listed = desk.world.every(f"/orgs/{desk.org}/members/{desk.member}/mails", desk.admin)
    assert len(listed) == 1
    assert page.answer.text.count("<tr>") == len(listed) + 1
    assert "Enrolled" in page.text


def test_another_person_s_enrollment_is_not_found_under_this_one(desk: Desk) -> None:
    other = desk.world.member(desk.org)
    ids = desk.enrolled()["enrollment_id"]
    for method in ("GET", "POST"):
        path = f"/orgs/{desk.org}/learners/{other}/learning/{ids}"
        assert desk.browser.request(method, path, [("due_by", "2030-05-01")]).status == 404
    assert desk.browser.request("GET", f"{desk.base}/learning/x").status == 404


def test_who_is_limited_sees_the_learning_of_their_people_only(desk: Desk) -> None:
    docks = desk.world.department(desk.org, "Docks")
    admin = desk.world.org_admin(desk.org, role="department_admin", department_ids=[docks])
    browser = Browser(desk.world).has_session_of(admin)
    for path in ("learning", f"learning/{desk.enrolled()['enrollment_id']}", "mails"):
        assert browser.request("GET", f"{desk.base}/{path}").status == 403, path
    path = f"{desk.base}/learning/{desk.enrolled()['enrollment_id']}/cancel"
    assert browser.request("POST", path, [("form_id", "x")]).status == 403


def test_an_announcement_can_be_copied_before_anybody_is_invited(desk: Desk) -> None:
    desk.world.group(desk.org, "Finance")
    desk.browser.open(f"/orgs/{desk.org}/learners/add")
    page = desk.browser.follow("send them an announcement first")
    text = desk.world.get(f"/orgs/{desk.org}/invites/announcement", desk.admin).json
    assert text["subject"] in page.answer.text
    assert page.link("The guide that it names") == text["guide_url"]
