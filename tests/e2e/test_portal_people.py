"""The portal on the deployed artifact, in a real browser: a live training from its people to its attendance, a
spreadsheet of people who are invited, and somebody who joins by the public link, learns, and takes a certificate home.
"""

import io
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pypdf
import pytest
from playwright.sync_api import Browser, Page, expect

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text, utc_now
from chalicelib.training.sessions.models import Session, session_sk, training_pk
from infra import mail
from tests.e2e.deployed import PASSWORD, Deployed, Person
from tests.e2e.joining import CODE, DOMAIN, LINK, mailed
from tests.patience import SILENCE
from tests.stories.inbox import code_in, mails_to


@pytest.fixture
def page(deployed: Deployed, browser: Browser) -> Iterator[Page]:
    mail.verify_locally(deployed.cloud, DOMAIN)
    source = {"X-Forwarded-For": f"203.0.113.{uuid.uuid4().int % 200 + 30}"}
    context = browser.new_context(color_scheme="light", locale="en-GB", extra_http_headers=source)
    context.set_default_timeout(SILENCE * 1000)
    try:
        yield context.new_page()
    finally:
        context.close()


def test_an_admin_enrolls_people_in_a_live_training_and_takes_attendance(deployed: Deployed, page: Page) -> None:
    make = deployed.make
    org = make.org(make.msp(), "Alderquay Logistics", time_zone="Europe/Berlin")
    docks = make.department(org, "Docks")
    for first in ("Ann", "Ben", "Cem"):
        make.member(org, first_name=first, last_name="Hale", department_id=docks)
    make.member(org, first_name="Sam", last_name="Reed")
    admin = deployed.org_admin(org)
    _log_in(deployed, page, admin, f"/orgs/{org}/trainings")
    _follow(page, "New training")
    page.get_by_label("Title").fill("First aid")
    page.get_by_label("People who attend get a certificate").check()
    _press(page, "Create training")
    _follow(page, "New session")
    page.get_by_label("Starts").fill("2087-02-03T09:00")
    page.get_by_label("Ends").fill("2087-02-03T10:30")
    page.get_by_label("Place (optional)").fill("Room 1")
    page.get_by_label("Places (optional)").fill("2")
    page.get_by_label("Waiting list when it is full").check()
    _press(page, "Create session")
    assert "Mon 3 Feb 2087, 09:00 Europe/Berlin" in page.inner_text("main")
    training, _, session = page.url.partition("?")[0].rpartition("/trainings/")[2].split("/")

    _follow(page, "Enroll people")
    _press(page, "Begin")
    page.get_by_label("Department, with those below").select_option("Docks")
    _press(page, "Show")
    _press(page, "Add all 3 that match")
    _press(page, "Continue to trainings")
    _press(page, "Continue")
    _press(page, "Review")
    assert "1 goes on the waiting list" in page.inner_text("main")
    with page.expect_navigation():
        page.get_by_role("button", name="Enroll 3 people in 1 training").dblclick()
    # The results come by themselves.
    page.wait_for_selector("text=3 of 3 people done")
    page.wait_for_selector("#live[aria-busy=false]")
    # So it says also to who comes when all is done.
    page.reload()
    assert page.get_attribute("#live", "aria-busy") == "false"
    assert page.get_by_text("waiting list, number 1").count() == 1

    _starts_now(org, training, session)
    page.goto(f"{deployed.url}/portal/orgs/{org}/trainings/{training}/sessions/{session}")
    assert page.get_by_role("link", name="2 with a place").count() == 1
    _follow(page, "Attendance and results")
    rows = page.locator("tbody tr")
    assert rows.count() == 2
    rows.nth(0).get_by_role("combobox").select_option("Absent")
    rows.nth(1).get_by_label("Score of").fill("90")
    _press(page, "Save, and mark everyone else here as attended")
    assert "Saved 2 people." in page.inner_text("main")
    page.goto(f"{deployed.url}/portal/orgs/{org}/trainings/{training}/participants")
    _press(page, "Export as CSV")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    assert len(text.splitlines()) == 4
    assert "absent" in text
    assert "attended" in text


def test_an_admin_uploads_a_spreadsheet_says_what_a_column_is_and_invites(
    deployed: Deployed, page: Page, tmp_path: Path
) -> None:
    make = deployed.make
    org = make.org(make.msp(), "Alderquay Logistics", subscription="active")
    make.group(org, "Finance")
    kim, sam = (f"{name}.{uuid.uuid4().hex[:6]}@acme.example" for name in ("kim", "sam"))
    file = tmp_path / "people.csv"
    file.write_text(f"E-mail,Groups,Badge\r\n{kim},Finance,007\r\n{sam},finance,8\r\nno address,Finance,9\r\n")
    _log_in(deployed, page, deployed.org_admin(org), f"/orgs/{org}/imports/new")
    page.get_by_label("Spreadsheet").set_input_files(file)
    _press(page, "Upload")
    assert page.get_by_role("link", name="1 to fix").count() == 1
    _follow(page, "Choose what it is")
    page.get_by_label("Badge").select_option("A profile field of this name")
    _press(page, "Read again")
    _follow(page, "1 ready")
    assert "Badge: 007" in page.inner_text("tbody")
    _press(page, "Invite 2 people")
    # What comes of it stands there by itself.
    page.wait_for_selector("text=2 of 2 people done")
    page.wait_for_selector("#live[aria-busy=false]")
    for address in (kim, sam):
        assert mailed(deployed, address, LINK)


def test_somebody_joins_by_the_public_link_learns_and_downloads_a_certificate(deployed: Deployed, page: Page) -> None:
    make, email = deployed.make, f"robin.{uuid.uuid4().hex[:6]}@acme.example"
    msp = make.msp()
    course = make.course(msp, "Spotting Phishing", certificate=True)
    org = make.org(msp, "Alderquay Logistics", courses=[course], subscription="active")
    make.group(org, "Finance", [course])
    make.location(org, "Kiel")
    body = {"enabled": True, "slug": f"alderquay-{uuid.uuid4().hex[:6]}", "allowed_domains": ["acme.example"]}
    opened = deployed.send("PUT", f"/orgs/{org}/join-page", deployed.msp_admin(msp).token, body)
    assert opened.status == 200, opened.text

    page.goto(opened.json["url"])
    page.locator("#group_id").select_option("Finance")
    page.locator("#location_id").select_option("Kiel")
    page.locator("#email").fill(email)
    _enter(page, "#email")
    page.locator("#code").fill(mailed(deployed, email, CODE))
    _enter(page, "#code")
    _press(page, "Accept")
    page.locator("#first_name").fill("Robin")
    page.locator("#last_name").fill("Vale")
    page.locator("#new_password").fill(PASSWORD)
    _enter(page, "#new_password")
    codes = deployed.until(
        lambda: [one for one in mails_to(deployed.cloud, email) if not CODE.search(one["BodyText"] or "")], bool
    )
    page.locator("#code").fill(code_in(codes[-1]))
    _enter(page, "#code")
    page.wait_for_selector("text=You have joined")

    _log_in(deployed, page, Person("", email, ""), "/")
    assert page.locator("h1").inner_text() == "To do"
    deployed.until(lambda: _looked_again(page).get_by_role("link", name="Spotting Phishing").count(), bool)
    _follow(page, "Spotting Phishing")
    _press(page, "Start the course")
    assert page.get_by_role("link", name="Open the course").get_attribute("target") == "_blank"
    _press(page, "I have completed it")
    assert "Well done!" in page.inner_text("main")
    _follow(page, "Your certificates")
    _follow(page, "Download PDF")
    # It is made, and the button comes by itself.
    button = page.locator("#live").get_by_role("link", name="Download PDF")
    expect(button).to_be_visible(timeout=SILENCE * 1000)
    with page.expect_download() as download:
        button.click()
    (sheet,) = pypdf.PdfReader(io.BytesIO(download.value.path().read_bytes())).pages
    assert "Robin Vale" in sheet.extract_text()
    _follow(page, "/certificates/")
    assert "This certificate is genuine" in page.inner_text("main")


def _starts_now(org: str, training: str, session: str) -> None:
    """As time would do: the clock of what is deployed is the real one."""
    now = utc_now()
    values = {"starts_utc": to_text(now - timedelta(minutes=5)), "ends_utc": to_text(now + timedelta(hours=1))}
    actions = tuple(getattr(Session, name).set(value) for name, value in values.items())
    table.transact([Write("update", Session(training_pk(org, training), session_sk(session)), None, actions)])


def _looked_again(page: Page) -> Page:
    page.reload()
    return page


def _log_in(deployed: Deployed, page: Page, person: Person, path: str) -> None:
    page.goto(f"{deployed.url}/portal{path if path != '/' else ''}")
    page.get_by_label("Email address or login name").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    _press(page, "Log in")


def _press(page: Page, button: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=button, exact=button in ("Accept", "Show", "Continue")).first.click()


def _follow(page: Page, link: str) -> None:
    with page.expect_navigation():
        page.locator("main").get_by_role("link", name=link).first.click()


def _enter(page: Page, field: str) -> None:
    with page.expect_navigation():
        page.locator(field).press("Enter")
