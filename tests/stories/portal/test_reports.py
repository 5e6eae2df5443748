"""O7: reports of an organization and of an MSP, with their plots, as a file, and as of when."""

import csv
import io
from datetime import timedelta

import pytest

from tests.harness import World
from tests.patience import fetched
from tests.stories.driver import Driver
from tests.stories.live_trainings import LiveTrainings
from tests.stories.portal.browser import Browser, Page


@pytest.fixture
def live(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> LiveTrainings:
    return LiveTrainings(world, driver, monkeypatch)


class Story:
    """A client with a department, a course that one of two people has completed, and a live training."""

    def __init__(self, live: LiveTrainings) -> None:
        self.live, self.world, self.driver, self.org = live, live.world, live.driver, live.org
        world, driver = self.world, self.driver
        self.course = world.course(driver.msp, "Spotting <Phishing>")
        access = {"course_ids": [self.course], "reply_to": "training@acme.example"}
        assert world.put(f"/msp/organizations/{self.org}/training-access", driver.admin, access).status == 200
        self.department = world.department(self.org, "Docks")
        account, member = world.learner(self.org, department_id=self.department)
        other = world.member(self.org)
        driver.launch(self.org, [{"course_id": self.course, "due_by": "2027-01-06"}])
        driver.until("2027-01-05T12:00")
        assert world.post(f"/me/courses/{self.org}.{member}.{self.course}/complete", account).status == 200
        live.enroll([member, other], live.one())
        driver.until("2027-02-01T08:30")

    def page(self, query: str = "", as_: str | None = None) -> Page:
        return self.browser(as_).open(f"/orgs/{self.org}/reports{query}")

    def browser(self, as_: str | None = None) -> Browser:
        return Browser(self.world).has_session_of(as_ or self.live.admin)

    def counted(self) -> None:
        self.page()
        self.driver.work()


@pytest.fixture
def story(live: LiveTrainings) -> Story:
    return Story(live)


def test_the_first_visit_has_the_numbers_counted_and_the_page_waits_for_them(story: Story) -> None:
    first = story.page()
    assert "Only participants invited through Muster are counted." in first.text
    assert "counted for the first time" in first.text
    assert 'aria-busy="true"' in first.answer.text
    assert "As of" not in first.text
    story.driver.work()
    page = story.page()
    assert page.heading == "Reports"
    assert "As of Mon 1 Feb 2027, 08:30 UTC." in page.text
    assert "Spotting <Phishing> 2 1 1 2 1 1" in page.text
    assert 'aria-busy="false"' in page.answer.text


def test_plots_are_drawn_without_a_style_or_a_script_and_stand_beside_their_tables(story: Story) -> None:
    story.counted()
    page = story.page()
    html = page.answer.text
    assert html.count("<figure") == 2
    assert "Enrolled and completed as a table" in page.text
    # Two enrolled on one day, and one completed on the next, which is half as high.
    assert '<rect class="hollow" x="30.0" y="0.0" width="120.0" height="160.0"/>' in html
    assert '<rect class="full" x="450.0" y="80.0" width="120.0" height="80.0"/>' in html
    assert "style=" not in html
    assert "<style" not in html
    assert "Mon 4 Jan 2027 2 0 Tue 5 Jan 2027 0 1" in page.text


def test_the_form_chooses_report_and_period(story: Story) -> None:
    story.counted()
    page = story.page()
    shown = page.form("Show")
    assert shown.names() == ["kind", "from", "to"]
    for kind, text in [
        ("trainings", "First aid 1 2 0 0 0 0 0 0"), ("sessions", "First aid Mon 1 Feb 2027, 09:00 Europe/Berlin 2 0"),
        ("departments", "Docks 1 1 1 1 0 0 0"),
    ]:  # fmt: skip
        assert text in story.page(f"?kind={kind}").text, kind
    assert "No department 1 1 0 0 1 0 0" in story.page("?kind=departments").text
    assert "Spotting <Phishing> 0 1 1 0 0 0" in story.page("?from=2027-01-05&to=2027-01-05").text
    assert "There is nothing in this period." in story.page("?from=2028-01-01").text
    wrong = story.page("?from=2027-02-02&to=2027-02-01&kind=courses")
    assert wrong.status == 422
    assert "The last day can't be before the first." in wrong.text
    assert ("to", "2027-02-01") in wrong.form("Show").fields
    assert story.page("?kind=nonsense&export=no").status == 200
    # Longer than a key may be.
    assert story.page(f"?export={'a' * 3000}").status == 200
    assert story.page("?kind=clients").status == 200


def test_a_line_leads_to_its_own_numbers(story: Story) -> None:
    story.counted()
    browser = story.browser()
    page = browser.open(f"/orgs/{story.org}/reports?kind=departments&from=2027-01-01")
    one = browser.open(page.link("Docks"))
    assert "No department" not in one.text
    assert "Mon 4 Jan 2027 1 0 Tue 5 Jan 2027 0 1" in one.text
    assert "No department" in browser.open(one.link("Show all")).text


def test_a_file_is_made_and_downloaded(story: Story) -> None:
    story.counted()
    browser = story.browser()
    page = browser.open(f"/orgs/{story.org}/reports?kind=departments&to=2027-01-04")
    making = browser.send(page.form("Create a CSV file"))
    assert "We're preparing your file." in making.text
    story.driver.work()
    ready = browser.open(making.address)
    assert "(2 lines)" in ready.text
    content, _ = fetched(ready.link("Download the CSV file"))
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [(row["title"], row["num_enrolled"], row["num_completed"]) for row in rows] == [
        ("", "1", "0"), ("Docks", "1", "0"),
    ]  # fmt: skip


def test_count_again_counts_again(story: Story) -> None:
    story.counted()
    browser = story.browser()
    page = browser.open(f"/orgs/{story.org}/reports?kind=trainings")
    story.world.now += timedelta(minutes=5)
    again = browser.send(page.form("Count again"))
    assert "being updated" in again.text
    assert "As of Mon 1 Feb 2027, 08:30 UTC." in again.text
    assert "First aid" in again.text
    story.driver.work()
    assert "As of Mon 1 Feb 2027, 08:35 UTC." in story.page().text
    story.world.now += timedelta(minutes=5)
    browser.send(page.form("Count again"))
    (message,) = story.world.messages()
    story.driver.handle_dead_letter(message)
    assert "the numbers couldn't be counted" in story.page().text


def test_a_first_count_that_failed_can_be_tried_again(story: Story) -> None:
    browser = story.browser()
    assert "Count again" not in browser.open(f"/orgs/{story.org}/reports").text
    (message,) = story.world.messages()
    story.driver.handle_dead_letter(message)
    failed = browser.open(f"/orgs/{story.org}/reports")
    assert "the numbers couldn't be counted" in failed.text
    assert "Create a CSV file" not in failed.text
    assert "counted for the first time" in browser.send(failed.form("Count again")).text
    story.driver.work()
    assert "Spotting <Phishing> 2 1 1 2 1 1" in story.page().text


def test_who_is_limited_to_a_department_sees_it_alone(story: Story) -> None:
    limited = story.world.org_admin(story.org, role="department_admin", department_ids=[story.department])
    story.page(as_=limited)
    story.driver.work()
    page = story.page("?kind=departments", as_=limited)
    assert "Docks 1 1 1 1 0 0 0" in page.text
    assert "No department" not in page.text
    assert "Spotting <Phishing> 1 1 1 1 1 0" in story.page(as_=limited).text


def test_an_msp_sees_all_its_clients(story: Story) -> None:
    story.world.org(story.driver.msp, "Bolt Freight")
    browser = story.browser(story.driver.admin)
    assert "counted for the first time" in browser.open("/msp/reports").text
    story.driver.work()
    assert "Spotting <Phishing> 2 1 1 2 1 1" in browser.open("/msp/reports").text
    clients = browser.open("/msp/reports?kind=clients").text
    assert "Acme Industries 2 2 1 1 2 1 1" in clients
    assert "Bolt Freight 0 0 0 0 0 0 0" in clients
