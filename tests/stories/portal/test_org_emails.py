"""What was mailed to one person, and the announcement that can be copied before anybody is invited."""

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


@pytest.fixture
def desk(world: World, driver: Driver, course: str) -> Desk:
    return Desk(world, driver, course)


def test_mails_say_what_became_of_them(desk: Desk, mailbox: Mailbox) -> None:
    mailbox.send()
    page = desk.browser.open(f"{desk.base}/mails")
    listed = desk.world.every(f"/orgs/{desk.org}/members/{desk.member}/mails", desk.admin)
    assert len(listed) == 1
    assert page.answer.text.count("<tr>") == len(listed) + 1
    assert "Enrolled" in page.text


def test_who_is_limited_sees_the_emails_of_their_people_only(desk: Desk) -> None:
    docks = desk.world.department(desk.org, "Docks")
    admin = desk.world.org_admin(desk.org, role="department_admin", department_ids=[docks])
    browser = Browser(desk.world).has_session_of(admin)
    assert browser.request("GET", f"{desk.base}/mails").status == 403


def test_an_announcement_can_be_copied_before_anybody_is_invited(desk: Desk) -> None:
    desk.world.group(desk.org, "Finance")
    desk.browser.open(f"/orgs/{desk.org}/learners/add")
    page = desk.browser.follow("Send them an announcement first")
    text = desk.world.get(f"/orgs/{desk.org}/invites/announcement", desk.admin).json
    assert text["subject"] in page.answer.text
    assert page.link("The guide in this text") == text["guide_url"]
