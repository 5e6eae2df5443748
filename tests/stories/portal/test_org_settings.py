"""Settings of an organization, and of its join page."""

import pytest

from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.portal.browser import Browser


class Office:
    def __init__(self, world: World, driver: Driver, course: str) -> None:
        self.world, self.driver = world, driver
        self.org = world.org(driver.msp, "Alderquay Logistics", courses=[course], subscription="active")
        self.admin = world.org_admin(self.org)
        self.base = f"/orgs/{self.org}"
        self.browser = Browser(world).has_session_of(self.admin)

    def join_page(self) -> dict[str, object]:
        return dict(self.world.get(f"{self.base}/join-page", self.admin).json)


@pytest.fixture
def office(world: World, driver: Driver, course: str) -> Office:
    return Office(world, driver, course)


def test_settings_are_changed_and_what_is_wrong_stays_in_the_form(office: Office) -> None:
    page = office.browser.open(f"{office.base}/settings")
    assert ("time_zone", "Europe/Berlin") in page.form("Save").fields
    page = office.browser.press("Save", time_zone="Europe/Nowhere", invitation_days="900")
    assert page.status == 422
    assert page.title.startswith("Error:")
    assert ("time_zone", "Europe/Nowhere") in page.form("Save").fields
    page = office.browser.press(
        "Save", time_zone="Europe/Lisbon", invitation_days="30", enroll_hour="07:30", reply_to="hr@acme.example"
    )
    assert "Saved." in page.text
    now = office.world.get(office.base, office.admin).json
    assert (now["time_zone"], now["invitation_days"], now["enroll_hour"]) == ("Europe/Lisbon", 30, "07:30")
    assert now["reply_to"] == "hr@acme.example"


def test_a_learner_sees_none_of_it(office: Office) -> None:
    learner, _ = office.world.learner(office.org)
    browser = Browser(office.world).has_session_of(learner)
    for path in ("settings", "join-page", "admins", "audit", "activity", "imports"):
        assert browser.request("GET", f"{office.base}/{path}").status == 403, path


def test_the_join_page_says_what_is_missing_until_it_is_visible(office: Office) -> None:
    page = office.browser.open(f"{office.base}/join-page")
    assert "There are no groups yet" in page.text
    assert "The link is public" in page.text
    page = office.browser.press("Save", enabled="yes", slug="")
    assert page.status == 422
    page = office.browser.press("Save", enabled="yes", slug="Alderquay")
    assert "on, but not visible" in page.text
    assert "See it as a visitor" not in page.text
    office.world.group(office.org, "Docks")
    page = office.browser.open(f"{office.base}/join-page")
    visitor = page.link("See it as a visitor")
    assert visitor.endswith("/join/alderquay")
    assert f'id="join_link" value="{visitor}"' in page.answer.text
    assert office.join_page()["shown"] is True
    page = office.browser.press("Save", enabled="no")
    assert office.join_page()["enabled"] is False


def test_an_address_is_checked_before_anything_is_saved(office: Office) -> None:
    other = office.world.org(office.driver.msp, "Other", subscription="active")
    office.world.put(f"/orgs/{other}/join-page", office.driver.admin, {"enabled": False, "slug": "taken"})
    page = office.browser.open(f"{office.base}/join-page")
    for slug, words in (("taken", "taken"), ("ab", "3 to 63"), ("www", "reserved"), ("free-one", "available")):
        page = office.browser.open(f"{office.base}/join-page?slug={slug}&enabled=yes&allowed_domains=acme.example")
        assert words in page.text, slug
        # What else was typed is not lost.
        assert ("slug", slug) in page.form("Save").fields
        assert ("enabled", "yes") in page.form("Save").fields
    assert office.join_page()["slug"] is None
    page = office.browser.press("Save", slug="taken")
    assert page.status == 409
    assert "This address is taken." in page.text


def test_domains_are_pasted_as_people_write_them_and_a_wrong_one_is_named(office: Office) -> None:
    office.browser.open(f"{office.base}/join-page")
    page = office.browser.press("Save", slug="acme", allowed_domains="acme.example\nnot a domain")
    assert page.status == 422
    assert "not a domain: This isn't a domain." in page.text
    page = office.browser.press("Save", slug="acme", allowed_domains="@acme.example, Acme.example; b.example\n")
    assert office.join_page()["allowed_domains"] == ["acme.example", "b.example"]
