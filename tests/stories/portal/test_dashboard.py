"""The dashboard: its filters and order, in the portal and over HTTP, and its numbers against the lists behind them."""

import pytest

from chalicelib.training.rollouts import dashboard as service
from tests.harness import World
from tests.stories.driver import Driver, refused
from tests.stories.portal.browser import Browser, Page


@pytest.fixture
def browser(world: World, driver: Driver) -> Browser:
    return Browser(world).has_session_of(driver.admin)


@pytest.fixture
def busy(world: World, driver: Driver, course: str) -> dict[str, str]:
    """Three clients: one where all went well, one with a failure and something scheduled, one without anything."""
    orgs = dict(
        zip("zac", driver.clients(course, "Zennor Shipping", "Alderquay Logistics", "Cape Dental"), strict=True)
    )
    world.member(orgs["z"])
    (bad,) = world.members(orgs["a"], 1)
    driver.launch(orgs["z"], [course])
    with refused(bad):
        driver.send(driver.form([orgs["a"]], [course]))
        driver.work()
    driver.send(driver.form([orgs["a"]], [{"course_id": course, "enroll_on": "2027-03-01"}]))
    driver.work()
    return orgs


def _names(world: World, driver: Driver, query: str) -> list[str]:
    return [item["name"] for item in world.get(f"/msp/training?{query}", driver.admin).json["items"]]


def test_clients_are_searched_filtered_and_sorted_over_http(world: World, driver: Driver, busy: dict[str, str]) -> None:
    assert _names(world, driver, "") == ["Zennor Shipping", "Alderquay Logistics", "Cape Dental"]
    assert _names(world, driver, "search=CAPE") == ["Cape Dental"]
    assert _names(world, driver, "status=pending") == ["Cape Dental"]
    assert _names(world, driver, "status=failed") == ["Alderquay Logistics"]
    assert _names(world, driver, "status=scheduled") == ["Alderquay Logistics"]
    assert _names(world, driver, "status=completed") == ["Zennor Shipping"]
    assert _names(world, driver, "status=courses&sort=name") == ["Alderquay Logistics", "Zennor Shipping"]
    assert _names(world, driver, "sort=failed") == ["Alderquay Logistics", "Cape Dental", "Zennor Shipping"]
    assert world.get("/msp/training?sort=age", driver.admin).status == 422
    # Totals are of everybody, whatever is shown.
    assert world.get("/msp/training?status=failed", driver.admin).json["totals"]["course_enrollments"] == 3


@pytest.mark.parametrize("query", ["sort=name", "status=courses", "search=e&sort=failed", ""])
def test_pages_of_a_list_hold_each_client_once(world: World, driver: Driver, busy: dict[str, str], query: str) -> None:
    whole, found, cursor = _names(world, driver, query), [], ""
    while True:
        answer = world.get(f"/msp/training?{query}&limit=1{cursor}", driver.admin).json
        found += [item["name"] for item in answer["items"]]
        if answer["next_cursor"] is None:
            break
        cursor = f"&cursor={answer['next_cursor']}"
    assert found == whole


def test_more_clients_than_can_be_sorted_are_said_so(
    world: World, driver: Driver, busy: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never some of them in order, and the rest left out."""
    monkeypatch.setattr(service, "_MOST_SORTED", 2)
    monkeypatch.setattr(service, "_SEARCH_PAGE", 1)
    answer = world.get("/msp/training?sort=name", driver.admin)
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "sort")


def _sum_of(page: Page, column: str) -> int:
    """Of the numbers in the tags of one column's kind; of courses without a kind."""
    rows = page.answer.text.split("<tbody>")[1].split("</tbody>")[0].split("</tr>")[:-1]
    if column == "Courses":
        return sum(int(row.split('data-label="Courses">')[1].split("<")[0]) for row in rows)
    return sum(int(row.split(f" {column}</span>")[0].rsplit("</span> ", 1)[1]) for row in rows)


@pytest.mark.parametrize(
    ("card", "column"),
    [
        ("Total course enrollments", "Courses"), ("Completed", "completed"), ("Scheduled", "scheduled"),
        ("Needs attention", "failed"),
    ],
)  # fmt: skip
def test_a_card_leads_to_exactly_what_it_counts(browser: Browser, busy: dict[str, str], card: str, column: str) -> None:
    """Complaint 11: a number and the list behind it disagree."""
    page = browser.open("/msp/training")
    name = next(text for text, _ in page.links if text.endswith(card))
    page = browser.follow(name)
    assert _sum_of(page, column) == int(name.split()[0])
    assert _sum_of(page, column) > 0


def test_nothing_needs_attention_when_nothing_does(world: World, driver: Driver, course: str, browser: Browser) -> None:
    (org,) = driver.clients(course, "Alderquay Logistics")
    world.member(org)
    driver.launch(org, [course])
    assert "Needs attention" not in browser.open("/msp/training").text


def test_filters_stay_over_opening_a_client_and_back(browser: Browser, busy: dict[str, str]) -> None:
    """Complaint 2: filters that are lost on Back. They are in the address, and nowhere else."""
    browser.open("/msp/training")
    page = browser.press("Show", search="a", status="failed", sort="name")
    address = page.address
    assert "search=a" in address
    browser.follow("Alderquay Logistics")
    page = browser.open(address)
    fields = dict(page.form("Show").fields)
    assert (fields["search"], fields["status"], fields["sort"]) == ("a", "failed", "name")
    assert "Zennor" not in page.text
    page = browser.press("Show", search="nobody")
    assert "No client matches." in page.text
    assert "Zennor" in browser.follow("Clear filters").text


def test_a_filter_stays_in_the_msp_of_its_tab(
    world: World, driver: Driver, busy: dict[str, str], browser: Browser
) -> None:
    """Complaint 8. A browser drops what stands behind the path of a form that asks."""
    other = world.msp("Fennmark Technology Services")
    world.msp_admin(other, driver.admin)
    world.org(other, "Penhallow Ferries")
    for address in ("/msp/training", "/msp/organizations", "/msp/courses"):
        browser.open(f"{address}?msp={other}")
        page = browser.press("Show", search="e")
        assert page.title.endswith("Fennmark Technology Services - Muster")
        assert "Alderquay" not in page.text


def test_what_runs_stands_on_the_dashboard_with_its_progress(
    world: World, driver: Driver, course: str, browser: Browser
) -> None:
    orgs = driver.clients(course, "Alderquay Logistics", "Bolt Freight")
    for org in orgs:
        world.member(org)
    driver.send(driver.form(orgs, [course]))
    page = browser.open("/msp/training")
    assert "Running now" in page.text
    assert "0 of 2 course enrollments done" in page.text
    assert "hx-trigger" in page.answer.text
    driver.work()
    page = browser.open("/msp/training")
    assert "Running now" not in page.text
    assert "hx-trigger" not in page.answer.text


def test_a_draft_is_continued_at_its_step(driver: Driver, course: str, browser: Browser) -> None:
    (org,) = driver.clients(course, "Alderquay Logistics")
    browser.open("/msp/training/enrollment")
    browser.press("Begin", name="Q1 awareness")
    browser.press("Continue to courses", org_id=org)
    browser.press("Continue to recipients", course_id=course)
    browser.press("Continue to the schedule", mode="groups")
    page = browser.open("/msp/training")
    page = browser.follow("Continue Q1 awareness, step 3")
    assert page.heading == "Recipients"
