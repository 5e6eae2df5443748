"""Addresses to which forms are sent, opened as pages are: what came of a form, right or wrong, stands at an address
that is loaded again, gone back to, kept, and sent to others.

Read from the site map: a new form is under these rules at once.
"""

from datetime import timedelta

import pytest

from chalicelib.portal.site_map import every_page
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.portal.browser import Browser
from tests.stories.portal.every_page import Everything, everything, pages


@pytest.fixture
def made(world: World, driver: Driver, course: str) -> Everything:
    return everything(world, driver, course)


def test_the_address_of_every_form_leads_to_its_page(world: World, made: Everything) -> None:
    """Half of them were "Not found", where what is wrong with the form is shown."""
    browser = Browser(world).has_session_of(made.admin)
    own = {page.path for page in every_page() if page.method == "GET"}
    num_led = 0
    for page in pages("POST"):
        answer = browser.request("GET", made.address(page))
        if page.path not in own:
            num_led += 1
            assert answer.status == 303, page.name
            answer = browser.open(made.address(page)).answer
        assert answer.status in (200, 303), page.name
    assert num_led > 40


def test_who_administers_several_msps_stays_in_that_of_the_address(world: World, made: Everything) -> None:
    other = world.msp("Other")
    world.msp_admin(other, made.admin)
    browser = Browser(world).has_session_of(made.admin)
    answer = browser.request("GET", f"/msp/training/export?msp={other}&utm_source=x")
    assert answer.headers["location"] == f"/dev/portal/msp/training?msp={other}"


def test_what_was_deleted_leads_to_the_page_above(world: World, made: Everything) -> None:
    """Back, once something is deleted, shows that it is gone, and is no dead end."""
    browser = Browser(world).has_session_of(made.admin)
    base = f"/orgs/{made.ids['org_id']}"
    browser.open(f"{base}/admins/roles/{made.ids['role_id']}")
    browser.press("Delete Auditor")
    gone = browser.open(f"{base}/admins/roles/{made.ids['role_id']}")
    assert gone.status == 404
    assert gone.link("Go to the page above this one") == f"/dev/portal{base}/admins"
    assert browser.follow("Go to the page above this one").heading == "Admins"
    # To a stranger it says no more than that.
    stranger = Browser(world).has_session_of(world.msp_admin(world.msp("Other")))
    assert stranger.open(base).status == 404
    assert "page above" not in stranger.page.text


def test_results_of_an_invitation_are_shown_again_without_inviting(world: World, made: Everything) -> None:
    org, admin = made.ids["org_id"], made.admin
    browser = Browser(world).has_session_of(admin)
    browser.open(f"/orgs/{org}/learners/add")
    page = browser.press("Invite", group_id=made.ids["group_id"], emails="zed@acme.example")
    assert "Invited 1 of 1." in page.text
    before = world.dump("core")
    assert browser.open(page.address).text == page.text
    assert world.dump("core") == before
    # In another browser, once logged in.
    private = Browser(world)
    assert private.open(page.address).heading == "Log in"
    private.has_session_of(admin)
    assert private.open(page.address).text == page.text
    # They are whose form it was; others, and their owner a day later, see where everyone stands now.
    colleague = Browser(world).has_session_of(world.org_admin(org))
    assert colleague.open(page.address).heading == "Learners"
    assert "Those results were kept for a day" in colleague.page.text
    member = next(one for one in world.every(f"/orgs/{org}/members", admin) if one["email"] == "zed@acme.example")
    browser.open(f"/orgs/{org}/learners/{member['member_id']}")
    page = browser.press("Resend the invitation")
    assert (page.heading, "1 of 1 done." in page.text) == ("Invitations sent again", True)
    assert browser.open(page.address).text == page.text
    world.now += timedelta(hours=25)
    browser.has_session_of(admin)
    assert browser.open(page.address).heading == "Learners"
