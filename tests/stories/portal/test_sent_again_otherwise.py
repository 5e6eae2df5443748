"""Back brings a form as it was left, with the id that was drawn for it. What is sent from there with something else in
it is another form: it used to be refused in words about keys, or to be taken for the first.
"""

from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.inbox import mails_to
from tests.stories.portal.browser import Browser


def test_a_form_sent_again_with_another_content_does_that_too(world: World, driver: Driver) -> None:
    org = world.org(driver.msp)
    browser = Browser(world).has_session_of(driver.admin)
    groups, departments = f"/orgs/{org}/groups", f"/orgs/{org}/departments"
    for address in (groups, departments):
        form = next(one for one in browser.open(address).forms if "name" in one.names())
        for name in ("Finance", "Sales", "Finance"):
            page = browser.send(form, name=name)
            assert page.status == 200, page.text
            assert 'role="alert"' not in page.answer.text, page.text
        found = world.get(address, driver.admin).json["items"]
        assert sorted(one["name"] for one in found) == ["Finance", "Sales"]


def test_a_draft_of_another_name_is_another_draft(world: World, driver: Driver) -> None:
    org = world.org(driver.msp)
    browser = Browser(world).has_session_of(driver.admin)
    for address in ("/msp/training/enrollment", f"/orgs/{org}/training/enrollment"):
        form = next(one for one in browser.open(address).forms if "name" in one.names())
        for name in ("Q1", "Q2", "Q1"):
            assert browser.send(form, name=name).status == 200
        names = [form.fields for form in browser.open(address).forms if form.action.endswith("/delete")]
        assert len(names) == 2, address
        text = browser.page.text
        assert "Q1" in text
        assert "Q2" in text


def test_what_was_changed_is_counted_anew_by_the_same_form(world: World, driver: Driver, course: str) -> None:
    """Back from the review to the schedule, another date, and on to the review: it is of that date."""
    (org,) = driver.clients(course, "Alderquay Logistics")
    world.member(org)
    browser = Browser(world).has_session_of(driver.admin)
    browser.open("/msp/training/enrollment")
    browser.press("Begin", name="Q1")
    browser.press("Continue to courses", org_id=org)
    browser.press("Continue to recipients", course_id=course)
    form = browser.press("Continue to the schedule").form("Count and review")
    for day, shown in (("2027-03-01", "Mon 1 Mar 2027, 09:00"), ("2027-03-02", "Tue 2 Mar 2027, 09:00")):
        page = browser.send(form, preset="own", **{f"enroll_on_{course}": day})
        driver.work()
        page = browser.open(page.address)
        assert shown in page.text
    assert "1 Mar 2027" not in page.text
    # The same content once more is the same count.
    assert browser.send(form, preset="own", **{f"enroll_on_{course}": "2027-03-02"}).text == page.text


def test_another_address_is_registered_by_the_same_form(world: World) -> None:
    browser = Browser(world)
    form = browser.open("/register").form("Create account")
    for email in ("ann@example.com", "sam@example.com", "ann@example.com"):
        page = browser.send(form, email=email, first_name="Ann", password="Correct-horse-7")
        assert page.heading == "Enter your code"
    assert [len(mails_to(world.cloud, email)) for email in ("ann@example.com", "sam@example.com")] == [1, 1]
