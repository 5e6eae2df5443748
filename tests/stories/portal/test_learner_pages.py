"""A learner's own pages: what there is to do, answers, certificates, notifications, calendar, profile, data."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.settings import settings
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.live_trainings import LiveTrainings
from tests.stories.portal.browser import Browser, Page
from tests.stories.training.certificates.holders import holder


@pytest.fixture
def live(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> LiveTrainings:
    return LiveTrainings(world, driver, monkeypatch)


class Learner:
    """Somebody with one course, not started."""

    def __init__(self, world: World, driver: Driver, course: str) -> None:
        self.world, self.driver, self.course = world, driver, course
        (self.org,) = driver.clients(course, "Alderquay Logistics")
        self.account, self.member = world.learner(self.org)
        driver.launch(self.org, [course])
        self.browser = Browser(world).has_session_of(self.account)


@pytest.fixture
def learner(world: World, driver: Driver, course: str) -> Learner:
    return Learner(world, driver, course)


def items(page: Page) -> int:
    return page.answer.text.count('<li class="task">')


def test_a_learner_lands_on_what_there_is_to_do_and_completes_a_course(learner: Learner) -> None:
    page = learner.browser.open("/")
    assert page.heading == "To do"
    assert "1 course to do" in page.text
    page = learner.browser.follow("Spotting Phishing")
    page = learner.browser.press("Start the course")
    assert "You have started." in page.text
    assert page.link("Open the course (in a new tab)").startswith("https://")
    again = learner.browser.request("POST", f"{learner.browser.page.address.partition('?')[0]}/start", [])
    assert again.status == 303
    page = learner.browser.press("I have completed it")
    assert "Well done!" in page.text
    page = learner.browser.open("/me/courses?show=completed")
    assert "Completed (1)" in page.text
    assert items(page) == 1
    assert "Nothing to do right now." in learner.browser.open("/me").text


def test_numbers_on_the_first_page_are_those_of_the_lists_behind(world: World, driver: Driver) -> None:
    courses = [world.course(driver.msp, f"Course {index}") for index in range(13)]
    org = world.org(driver.msp, "Alderquay Logistics", courses=courses)
    account, member = world.learner(org)
    driver.launch(org, [{"course_id": one, "due_by": "2027-01-05"} for one in courses[:2]])
    driver.launch(org, courses[2:])
    world.post(f"/me/courses/{org}.{member}.{courses[0]}/complete", account)
    world.now += timedelta(days=3)
    browser = Browser(world).has_session_of(account)
    page = browser.open("/me")
    assert items(page) == 10
    counted = {name.split(" ", 1)[1]: (int(name.split()[0]), href) for name, href in page.links if name[:1].isdecimal()}
    assert {words: number for words, (number, _) in counted.items()} == {
        "courses to do": 12, "overdue": 1, "certificates": 0, "new notifications": 0,
    }  # fmt: skip
    for number, href in counted.values():
        assert items(browser.open(href)) == number, href


def test_an_invitation_comes_first_and_is_accepted_or_declined(world: World, driver: Driver, course: str) -> None:
    (org, other) = driver.clients(course, "Alderquay Logistics", "Bolt Freight")
    admins = {one: world.org_admin(one) for one in (org, other)}
    account = world.account("kim@acme.example")
    for one, admin in admins.items():
        group = world.group(one, "Finance", [course])
        form = {"group_id": group, "emails": ["kim@acme.example"], "notify": "now"}
        assert world.post(f"/orgs/{one}/invites", admin, form).status == 201
    driver.work()
    browser = Browser(world).has_session_of(account)
    page = browser.open("/")
    assert page.text.index("Invitations") < page.text.index("to do", page.text.index("Invitations"))
    accept = page.form("Accept the invitation of Alderquay Logistics")
    page = browser.send(accept)
    assert "You have joined." in page.text
    assert "You have joined." in browser.send(accept).text
    page = browser.press("Decline the invitation of Bolt Freight")
    assert "You declined the invitation." in page.text
    assert "Invitations" not in page.text
    driver.work()
    assert items(browser.open("/me/courses")) == 1
    statuses = {one["name"]: one["status"] for one in world.get("/me", account).json["memberships"]}
    assert statuses == {"Alderquay Logistics": "active"}
    # Answered meanwhile, in another way: the page says what it is by now.
    assert browser.send(page.form("Log out")).status == 200


def test_an_invitation_of_somebody_else_is_nobodys(learner: Learner) -> None:
    member = learner.world.member(learner.org, status="pending", email="other@acme.example")
    for answer in ("accept", "decline"):
        got = learner.browser.request("POST", f"/me/invites/{learner.org}.{member}/{answer}", [])
        assert got.status in (404, 409)
        assert "other@acme.example" not in got.text


def test_a_session_is_answered_yes_perhaps_and_no(live: LiveTrainings, world: World) -> None:
    account, member = world.learner(live.org)
    training, session = live.one(capacity=1, waiting_list=True)
    live.enroll([member], (training, session))
    browser = Browser(world).has_session_of(account)
    page = browser.open("/me")
    assert "Are you coming?" in page.text
    assert "Mon 1 Feb 2027, 09:00 Europe/Berlin" in page.text
    assert "(08:00 UTC)" in page.text
    form = page.form("Maybe First aid, Mon 1 Feb 2027")
    page = browser.send(form)
    assert "you may be coming" in page.text
    (row,) = live.participants(training)
    assert (row["status"], row["remark"]) == ("invited", "Tentative")
    assert "Are you coming?" not in browser.open("/me").text
    browser.open("/me/trainings")
    page = browser.press("Accept First aid, Mon 1 Feb 2027")
    assert "you are coming" in page.text
    page = browser.send(page.form("Accept First aid, Mon 1 Feb 2027"))
    (row,) = live.participants(training)
    assert (row["status"], row["remark"]) == ("confirmed", None)
    page = browser.press("Decline First aid, Mon 1 Feb 2027")
    assert "you are not coming" in page.text
    assert "Maybe" not in page.text
    live.enroll([live.person("sam@acme.example")], (training, session))
    page = browser.press("Accept First aid, Mon 1 Feb 2027")
    assert "waiting list" in page.text
    live.later(days=60)
    browser = Browser(world).has_session_of(account)
    page = browser.open("/me/trainings")
    assert "Past (1)" in page.text
    assert browser.request("POST", f"/me/trainings/{live.org}.{member}.{training}/accept", []).status == 409


def test_a_certificate_is_made_downloaded_and_checked(world: World, driver: Driver) -> None:
    one = holder(driver)
    browser = Browser(world).has_session_of(one.account)
    page = browser.open("/me")
    name, href = next((name, href) for name, href in page.links if name.endswith("certificate"))
    page = browser.open(href)
    assert items(page) == int(name.split()[0]) == 1
    page = browser.follow(f"Download PDF of Spotting Phishing, {one.certificate['number']}")
    assert "We're preparing your PDF." in page.text
    assert 'aria-busy="true"' in page.answer.text
    driver.work()
    page = browser.open(f"/me/certificates/{one.certificate['certificate_id']}")
    assert page.link(one.certificate["check_url"]) == one.certificate["check_url"]
    assert 'aria-busy="false"' in page.answer.text
    answer = browser.request("GET", page.link("Download PDF"))
    assert answer.status == 303
    assert one.certificate["certificate_id"].rpartition(".")[2] in answer.headers["location"]
    stranger = Browser(world).has_session_of(world.account())
    assert stranger.request("GET", page.link("Download PDF")).status == 404


def test_a_badge_is_asked_for_made_and_shown_on_the_check_page(world: World, driver: Driver) -> None:
    one = holder(driver)
    browser = Browser(world).has_session_of(one.account)
    browser.open(f"/me/certificates/{one.certificate['certificate_id']}")
    driver.work()
    page = browser.open(f"/me/certificates/{one.certificate['certificate_id']}")
    # Looking at the page asks for none.
    assert "badge" not in page.text.replace("Get a badge", "")
    assert 'aria-busy="false"' in page.answer.text
    form = page.form("Get a badge")
    page = browser.send(form)
    assert "We're preparing your badge." in page.text
    assert 'aria-busy="true"' in page.answer.text
    browser.send(form)
    driver.work()
    page = browser.open(f"/me/certificates/{one.certificate['certificate_id']}")
    address = page.link("Download the badge")
    assert f'value="{address}" readonly' in page.answer.text
    assert 'aria-busy="false"' in page.answer.text
    assert world.get(address.removeprefix(settings().public_url)).headers["content-type"] == "application/vc+jwt"
    assert f'<a href="{address}">Open Badge</a>' in world.get(f"/certificates/{one.certificate['number']}").text
    stranger = Browser(world).has_session_of(world.account())
    assert stranger.request("POST", form.action.removeprefix("/dev/portal"), form.fields).status == 404


def test_who_waits_for_a_badge_for_long_is_told_and_may_ask_again(world: World, driver: Driver) -> None:
    one = holder(driver)
    browser = Browser(world).has_session_of(one.account)
    here = f"/me/certificates/{one.certificate['certificate_id']}"
    browser.open(here)
    browser.press("Get a badge")
    # The messages are lost.
    world.messages()
    world.now += timedelta(minutes=15)
    page = browser.open(here)
    assert "This is taking longer than it should." in page.text
    world.now += timedelta(days=1)
    browser = Browser(world).has_session_of(one.account)
    browser.open(here)
    browser.press("Get a badge")
    driver.work()
    assert browser.open(here).link("Download the badge")


def test_a_certificate_that_was_revoked_shows_no_badge(world: World, driver: Driver) -> None:
    one = holder(driver)
    path = f"/orgs/{one.org}/certificates/{one.certificate['certificate_id']}/revoke"
    assert world.post(path, driver.admin, {}).status == 200
    page = Browser(world).has_session_of(one.account).open(f"/me/certificates/{one.certificate['certificate_id']}")
    assert "revoked" in page.text
    assert [form for form in page.forms if "Get a badge" in form.buttons] == []


def test_notifications_are_counted_and_marked(live: LiveTrainings, world: World) -> None:
    account, member = world.learner(live.org)
    for title in ("First aid", "Fire drill"):
        training = live.training(title)
        live.enroll([member], (training, live.session(training)))
    live.send()
    browser = Browser(world).has_session_of(account)
    page = browser.open("/me")
    name, href = next((name, href) for name, href in page.links if name.endswith("new notifications"))
    page = browser.open(href)
    assert items(page) == int(name.split()[0]) == 2
    first = next(button for form in page.forms for button in form.buttons if button.startswith("Mark as read"))
    page = browser.press(first)
    assert "New (1)" in page.text
    page = browser.press("Mark all as read")
    assert "New (0)" in page.text
    assert items(page) == 2
    assert "Nothing new." in browser.open(href).text


def test_the_calendar_address_is_made_once_and_renewed_after_a_question(learner: Learner) -> None:
    page = learner.browser.open("/me/calendar")
    form = page.form("Get my address")
    page = learner.browser.send(form)
    assert "Your address is ready." in page.text
    first = _address(page)
    assert _address(learner.browser.send(form)) == first
    learner.browser.follow("Get a new address")
    form = learner.browser.page.form("Get a new address")
    page = learner.browser.send(form)
    assert "The old one no longer works." in page.text
    assert _address(page) != first
    assert _address(learner.browser.send(form)) == _address(page)


def _address(page: Page) -> str:
    return page.answer.text.split('id="address" value="')[1].split('"')[0]


def test_ones_own_data_is_made_and_downloaded(learner: Learner) -> None:
    page = learner.browser.open("/me/data")
    form = page.form("Get my data")
    page = learner.browser.send(form)
    assert "We're preparing your file." in page.text
    learner.browser.send(form)
    learner.driver.work()
    page = learner.browser.open("/me/data")
    assert "Your file is ready." in page.text
    answer = learner.browser.request("GET", page.link("Download"))
    assert answer.status == 303
    assert "my-data" in answer.headers["location"]
    assert learner.browser.request("GET", "/me/data").status == 200


def test_the_address_is_changed_by_a_code_and_the_session_goes_on(
    learner: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, asked = learner.browser, []
    from chalicelib.people.accounts import email_change
    from chalicelib.people.accounts.email_change_schemas import EmailChanged, KeptIn

    def ask(*given: Any) -> None:
        asked.append(given)

    monkeypatch.setattr(email_change, "ask", ask)
    changed = EmailChanged(email="new@acme.example", kept_in=[KeptIn(org_id="x", name="Bolt Freight")])
    monkeypatch.setattr(email_change, "confirm", lambda *_: changed)
    page = browser.open("/me/email")
    page = browser.press("Email a code to the new address", email="nobody")
    assert page.status == 422
    assert page.title.startswith("Error:")
    form = page.form("Email a code to the new address")
    page = browser.send(form, email="new@acme.example", password="secret secret")
    browser.send(form, email="new@acme.example", password="secret secret")
    assert [given[1:3] for given in asked] == [("new@acme.example", "secret secret")]
    assert page.heading == "Enter the code"
    before = browser.cookies["__Host-muster"]
    page = browser.press("Use the new address", code="1234 5678")
    assert "Your email address was changed. At 1 organization" in page.text
    assert "new@acme.example" in page.text
    assert browser.cookies["__Host-muster"] != before
    learner.world.now += timedelta(minutes=1)
    old = Browser(learner.world)
    old.cookies["__Host-muster"] = before
    assert old.request("GET", "/me").status == 303


def test_who_has_nothing_yet_is_told_what_comes(world: World) -> None:
    browser = Browser(world).has_session_of(world.account())
    assert "You haven't been invited to an organization yet." in browser.open("/").text
    for path, words in (
        ("courses", "Nothing to do right now."), ("trainings", "No session is coming up."),
        ("certificates", "No certificates yet."), ("notifications", "No notifications yet."),
        ("profile", "No organization yet"),
    ):  # fmt: skip
        assert words in browser.open(f"/me/{path}").text, path


def test_what_is_anothers_is_not_there(learner: Learner, live: LiveTrainings) -> None:
    world = learner.world
    account, member = world.learner(live.org)
    training, session = live.one()
    live.enroll([member], (training, session))
    for path in (f"courses/{live.org}.{member}.{learner.course}", f"trainings/{live.org}.{member}.{training}"):
        assert learner.browser.request("GET", f"/me/{path}").status == 404, path
    for path in (
        f"courses/{live.org}.{member}.{learner.course}/start", f"trainings/{live.org}.{member}.{training}/accept",
        f"trainings/{live.org}.{member}.{training}/maybe",
    ):  # fmt: skip
        assert learner.browser.request("POST", f"/me/{path}", []).status == 404, path
    assert account


def test_a_course_of_the_library_is_taken_once_and_its_progress_offered(world: World, driver: Driver) -> None:
    course = world.course(driver.msp, "Safe Lifting", self_enroll=True)
    org = world.org(driver.msp, "Alderquay Logistics", courses=[course])
    account, member = world.learner(org)
    browser = Browser(world).has_session_of(account)
    browser.open("/me/courses")
    page = browser.follow("Find a course to take on your own")
    form = page.form("Take Safe Lifting")
    page = browser.send(form)
    assert "The course is now in your list." in page.text
    assert browser.send(form).heading == "Safe Lifting"
    assert "Offer my progress" not in page.text
    page = browser.press("Start the course")
    page = browser.press("Offer my progress", org_id=org)
    assert "You offered your progress." in page.text
    assert "yours Open Safe Lifting" in browser.open("/me/library").text
    admin = Browser(world).has_session_of(world.org_admin(org))
    page = admin.open(f"/orgs/{org}/learning/{member}")
    page = admin.press("Accept Safe Lifting")
    assert "The progress now counts here too." in page.text
    assert "Courses (1)" in page.text
