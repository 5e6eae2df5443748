"""The five-minute tour (docs/tour.md): each page that it shows is opened, and looks as in its picture."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from infra.packaging import ROOT
from tests.e2e.browser import DESKTOP, window
from tests.e2e.deployed import PASSWORD, Deployed, Person
from tests.e2e.desk import follow, press
from tests.e2e.pictures import Album

_PICTURES = ROOT / "docs" / "pictures" / "tour"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with window(browser, "203.0.113.91") as opened:
        opened.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
        yield opened


def _named(deployed: Deployed, email: str) -> Person:
    person = deployed.person(email)
    deployed.make._email_by_account[person.account_id] = person.email
    return person


def _log_in(deployed: Deployed, page: Page, person: Person) -> None:
    page.goto(f"{deployed.url}/portal/login")
    page.locator("#login").fill(person.email)
    page.locator("#password").fill(PASSWORD)
    press(page, "Log in")


def test_the_tour_shows_pages_as_they_are(deployed: Deployed, page: Page) -> None:
    make, album = deployed.make, Album(_PICTURES, _PICTURES / "pictures.json")
    msp = make.msp("Northwind Managed IT")
    course = make.course(msp, "Spotting Phishing")
    orgs = [make.org(msp, name, courses=[course]) for name in ("Alderquay Logistics", "Bolt Freight")]
    make.org(msp, "Cape Dental", ready=False, time_zone=None)
    group = make.group(orgs[0], "Finance")
    for number in range(3):
        make.member(orgs[0], [group], first_name=f"Kim {number}", last_name="Hale", email=f"kim{number}@example.com")
    make.member(orgs[1])
    learner = _named(deployed, "kim@example.com")
    make.learner(orgs[0], account_id=learner.account_id, first_name="Kim", last_name="Vale", email=learner.email)
    admin = _named(deployed, "alex@northwind.example")
    make.msp_admin(msp, admin.account_id)

    _log_in(deployed, page, admin)
    page.goto(f"{deployed.url}/portal/msp/training")
    album.show(page, "dashboard", shipped=False)
    page.goto(f"{deployed.url}/portal/msp/training/enrollment")
    page.locator("#name").fill("Q1 awareness")
    press(page, "Begin")
    for org in orgs:
        page.locator(f"#org_id_{org}").check()
    album.show(page, "clients", shipped=False)
    press(page, "Continue to courses")
    page.locator(f"#course_id_{course}").check()
    press(page, "Continue to recipients")
    press(page, "Continue to the schedule")
    press(page, "Count and review")
    page.wait_for_selector("text=Launch for 2 clients: enroll 5 people now, send no emails")
    album.show(page, "review", shipped=False)
    press(page, "Launch for 2 clients")
    page.wait_for_selector("text=5 of 5 enrollments done")
    # Then the clients' own tags settle, and the page that looked anew is like one that is opened.
    page.wait_for_selector('#live[aria-busy="false"]')
    page.reload()
    album.show(page, "rollout", shipped=False)

    owner = _named(deployed, "sam@alderquay.example")
    make.org_admin(orgs[0], owner.account_id)
    press(page, "Log out")
    _log_in(deployed, page, owner)
    page.goto(f"{deployed.url}/portal/orgs/{orgs[0]}/learners")
    album.show(page, "learners", shipped=False)

    press(page, "Log out")
    _log_in(deployed, page, learner)
    album.show(page, "start", shipped=False)
    follow(page, "Spotting Phishing")
    press(page, "Start the course")
    album.show(page, "course", shipped=False)
    album.assert_fresh()

    told = (ROOT / "docs" / "tour.md").read_text(encoding="utf-8")
    named = set(re.findall(r"pictures/tour/([\w-]+)\.png", told))
    assert named <= {f"{name}-{kind}" for name in album.names for kind in ("desktop", "phone")}
    assert {name.rpartition("-")[0] for name in named} == set(album.names)
