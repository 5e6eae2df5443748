"""The learners of a course row: found by name, told why, retried, and downloaded as a file that is uploaded again."""

import pytest

from chalicelib.people.uploads.spreadsheet.columns import columns_of
from chalicelib.people.uploads.spreadsheet.meanings import Meaning
from chalicelib.training.batches.states import Outcome
from tests.harness import World
from tests.stories.driver import Driver, refused
from tests.stories.group_members import Client
from tests.stories.portal.browser import Browser


@pytest.fixture
def browser(world: World, driver: Driver) -> Browser:
    return Browser(world).has_session_of(driver.admin)


@pytest.fixture
def row(world: World, driver: Driver, course: str) -> tuple[str, str]:
    """The client, and the address of a course row: Kim enrolled, Bo failed, Al enrolled by an earlier batch."""
    (org,) = driver.clients(course, "Alderquay Logistics")
    world.member(org, first_name="Al", last_name="Ames", email="al@example.com")
    driver.launch(org, [course])
    world.member(org, first_name="Kim", last_name="Hale", email="kim@example.com")
    bad = world.member(org, first_name="Bo", last_name="=Kimura", email="bo@example.com")
    with refused(bad):
        (batch,) = driver.launch(org, [course])
    return org, f"/msp/training/{org}/{batch}/courses/{course}"


def _found(world: World, driver: Driver, row: str, query: str) -> list[str]:
    """Names, over HTTP, on all pages of one learner each."""
    names, cursor = [], ""
    while True:
        answer = world.get(f"{row}/learners?{query}&limit=1{cursor}", driver.admin).json
        names += [item["name"] for item in answer["items"]]
        if answer["next_cursor"] is None:
            return names
        cursor = f"&cursor={answer['next_cursor']}"


def test_learners_are_found_by_the_start_of_a_name_over_http(
    world: World, driver: Driver, row: tuple[str, str]
) -> None:
    org, address = row
    world.member(org, first_name="Kim", last_name="Late", email="late@example.com")
    assert sorted(_found(world, driver, address, "search=kim")) == ["Kim Hale"]
    assert sorted(_found(world, driver, address, "search=KIM%20h")) == ["Kim Hale"]
    assert _found(world, driver, address, "search=bo@") == ["Bo =Kimura"]
    assert _found(world, driver, address, "search=al&outcome=already_enrolled") == ["Al Ames"]
    assert _found(world, driver, address, "search=al&outcome=failed") == []
    assert _found(world, driver, address, "search=nobody") == []


def test_a_search_of_a_group_s_row_finds_those_who_joined(driver: Driver, course: str) -> None:
    client = Client(driver, course)
    group = client.group()
    client.seats(1)
    client.somebody(group, first_name="Kim", last_name="Hale")
    client.somebody(group, first_name="Kit", last_name="Late")
    address = f"/msp/training/{client.org}/{client.batch(group)}/courses/{course}"
    assert sorted(_found(client.world, driver, address, "search=ki")) == ["Kim Hale", "Kit Late"]
    assert _found(client.world, driver, address, "search=ki&outcome=failed") == ["Kit Late"]


def test_who_has_not_accepted_is_not_found_by_name(world: World, driver: Driver, row: tuple[str, str]) -> None:
    org, address = row
    world.member(org, status="pending", first_name="Zoe", last_name="Secret", email="z@example.com")
    assert _found(world, driver, address, "search=zoe") == []


def test_tabs_count_what_they_list(browser: Browser, row: tuple[str, str]) -> None:
    """Complaint 11."""
    page = browser.open(row[1])
    tabs = [(name, href) for name, href in page.links if name.endswith(")")]
    assert [name for name, _ in tabs] == ["Enrolled (1)", "Already enrolled (1)", "Already completed (0)", "Failed (1)"]
    for name, href in tabs:
        shown = browser.open(href).answer.text.split("<tbody>")
        assert (shown[1].count("<tr>") if len(shown) > 1 else 0) == int(name.split("(")[1][:-1])


def test_a_tab_keeps_the_search_and_a_search_the_tab(browser: Browser, row: tuple[str, str]) -> None:
    browser.open(row[1])
    browser.follow("Failed (1)")
    page = browser.press("Show", search="kim")
    assert "No learner matches." in page.text
    page = browser.follow("All")
    assert "Kim Hale" in page.text
    assert "Al Ames" not in page.text


def test_why_tells_of_each_person_what_decided(browser: Browser, row: tuple[str, str]) -> None:
    browser.open(row[1])
    page = browser.follow("Why? Kim Hale")
    assert page.heading == "Why is Kim Hale enrolled?"
    assert "What happened" in page.text
    browser.open(row[1])
    page = browser.follow("Why? Bo =Kimura")
    assert page.heading == "Why is Bo =Kimura not enrolled?"
    assert browser.open(f"{row[1]}/learners/01ARZ3NDEKTSV4RRFFQ69G5FAV").status == 404


def test_mails_to_each_person_stand_beside_them(world: World, driver: Driver, course: str, browser: Browser) -> None:
    (org,) = driver.clients(course, "Alderquay Logistics")
    world.member(org, first_name="Kim", last_name="Hale")
    (batch,) = driver.launch(org, [course])
    address = f"/msp/training/{org}/{batch}/courses/{course}"
    assert "Reminder:" not in browser.open(address).text
    browser.open(f"{address}/remind")
    browser.press("Email 1 person now")
    driver.work()
    assert "Reminder: queued" in browser.open(address).text


def test_who_failed_is_retried_from_their_list(driver: Driver, browser: Browser, row: tuple[str, str]) -> None:
    browser.open(row[1])
    page = browser.press("Retry 1 failed")
    assert "Retrying 1 learner" in page.text
    driver.work()
    page = browser.open(row[1])
    assert "Failed (0)" in page.text
    assert "Download failed learners" not in page.text


def test_who_failed_is_a_file_that_the_upload_understands(browser: Browser, row: tuple[str, str]) -> None:
    browser.open(row[1])
    answer = browser.request("GET", browser.page.link("Download failed learners to upload again"))
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"].startswith('attachment; filename="failed-alderquay-logistics')
    lines = answer.text.lstrip("\ufeff").splitlines()
    header = lines[0].split(",")
    assert [column.meaning for column in columns_of(header)][:2] == [Meaning.EMAIL, Meaning.FULL_NAME]
    assert [line.split(",")[:2] for line in lines[1:]] == [["bo@example.com", "Bo =Kimura"]]


def test_an_export_is_asked_for_waited_for_and_downloaded(
    world: World, driver: Driver, browser: Browser, row: tuple[str, str]
) -> None:
    for address, button, name, rows in (
        ("/msp/training", "Export all clients as CSV", "dashboard", 1),
        (f"/msp/training/{row[0]}", "Export as CSV", "batches-alderquay-logistics", 2),
        (f"{row[1]}?outcome={Outcome.FAILED}", "Export failed as CSV", "learners-alderquay-logistics", 1),
    ):
        form = browser.open(address).form(button)
        page = browser.send(form)
        assert "Preparing your file." in page.text
        assert "hx-trigger" in page.answer.text
        # Pressed twice, one file.
        assert browser.send(form).address == page.address
        driver.work()
        page = browser.open(page.address)
        assert f"Your file is ready: {rows} row" in page.text
        assert name in page.link("Download")
        assert "hx-trigger" not in page.answer.text


def test_activity_lists_what_one_started_and_nobody_elses(
    world: World, driver: Driver, browser: Browser, row: tuple[str, str]
) -> None:
    """Complaint 7: a job in the background that cannot be found again."""
    browser.open("/msp/training")
    browser.press("Export all clients as CSV")
    batch = row[1].split("/courses")[0]
    browser.open(f"{batch}/undo")
    browser.press("Undo this batch")
    page = browser.open("/msp/activity")
    assert "hx-trigger" in page.answer.text
    driver.work()
    page = browser.open("/msp/activity")
    names = [name for name, href in page.links if ": " in name]
    assert sorted(name.split(":")[0] for name in names) == ["Export", "Rollout", "Rollout", "Undo"]
    assert "running" not in page.text
    assert "hx-trigger" not in page.answer.text
    for name in names:
        browser.open("/msp/activity")
        assert browser.follow(name).status == 200
    colleague = world.msp_admin(driver.msp)
    assert world.get("/msp/activity", colleague).json["items"] == []
    kinds = [item["kind"] for item in world.get("/msp/activity", driver.admin).json["items"]]
    assert sorted(kinds) == ["export", "rollout", "rollout", "undo"]
    world.now = world.now.replace(year=world.now.year + 1)
    assert "no longer available" in Browser(world).has_session_of(driver.admin).open("/msp/activity").text
