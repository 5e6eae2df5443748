"""L2: completing issues a certificate, which its holder has and everybody can check."""

from typing import Any

import pytest

from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.live_trainings import LiveTrainings
from tests.stories.training.certificates.holders import certificates, checked, holder


@pytest.fixture
def live(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> LiveTrainings:
    return LiveTrainings(world, driver, monkeypatch)


def test_completing_a_course_issues_its_certificate(driver: Driver) -> None:
    one = holder(driver, first_name="Zoë", last_name="Müller-Lüdenscheidt")
    number = one.certificate["number"]
    assert one.certificate == {
        "certificate_id": one.certificate["certificate_id"],
        "number": number,
        "state": "valid",
        "title": "Spotting Phishing",
        "organization": "Acme Industries",
        "holder": "Zoë Müller-Lüdenscheidt",
        "completed_on": "2027-01-04",
        "issued_on": "2027-01-04",
        "valid_until": None,
        "check_url": one.certificate["check_url"],
    }
    assert one.certificate["check_url"].endswith(f"/certificates/{number}")


def test_a_certificate_is_issued_once_however_often_the_course_is_completed(driver: Driver) -> None:
    one = holder(driver)
    for _ in range(2):
        assert driver.world.post(f"/me/courses/{one.org}.{one.member}.{one.course}/complete", one.account).status == 200
    assert certificates(driver, one.account) == [one.certificate]


def test_a_course_without_certificate_issues_none(world: World, driver: Driver, course: str) -> None:
    (org,) = driver.clients(course, "Acme")
    account, member = world.learner(org)
    driver.launch(org, [course])
    world.post(f"/me/courses/{org}.{member}.{course}/start", account)
    world.post(f"/me/courses/{org}.{member}.{course}/complete", account)
    assert certificates(driver, account) == []


def test_starting_a_course_issues_nothing(world: World, driver: Driver) -> None:
    course = world.course(driver.msp, certificate=True)
    org = world.org(driver.msp, courses=[course])
    account, member = world.learner(org)
    driver.launch(org, [course])
    world.post(f"/me/courses/{org}.{member}.{course}/start", account)
    assert certificates(driver, account) == []


def test_a_result_that_an_admin_enters_issues_one_of_that_day(world: World, driver: Driver) -> None:
    course = world.course(driver.msp, "Passwords", certificate=True, certificate_months=13)
    org = world.org(driver.msp, courses=[course], time_zone="Pacific/Auckland")
    account, member = world.learner(org)
    driver.launch(org, [course])
    driver.until("2027-02-01T12:00")
    path = f"/orgs/{org}/members/{member}/enrollments/{org}.{member}.{course}"
    assert world.patch(path, driver.admin, {"result": {"completed_at": "2027-01-31", "score": 80}}).status == 200
    (certificate,) = certificates(driver, account)
    assert (certificate["completed_on"], certificate["valid_until"]) == ("2027-01-31", "2028-02-29")
    world.patch(path, driver.admin, {"result": {"score": 90}})
    assert certificates(driver, account) == [certificate]


def test_a_course_on_ones_own_account_is_certified_by_its_provider(world: World, driver: Driver) -> None:
    course = world.course(driver.msp, "Passwords", certificate=True, self_enroll=True)
    account = world.account("kim@example.com")
    taken = world.post("/me/courses", account, {"course_id": course}).json["enrollment_id"]
    world.post(f"/me/courses/{taken}/complete", account)
    (certificate,) = certificates(driver, account)
    assert (certificate["organization"], certificate["holder"]) == ("Northwind Managed IT", "kim@example.com")
    assert checked(driver, certificate)["state"] == "valid"
    assert [one["status"] for one in world.every("/me/courses", account)] == ["completed"]


def test_attendance_is_certified_and_a_correction_revokes(live: LiveTrainings, driver: Driver) -> None:
    training = live.training(certificate=True)
    session = live.session(training)
    account, member = driver.world.learner(live.org)
    live.enroll([member], (training, session))
    driver.until("2027-02-01T09:00")
    live.ask("POST", f"/{training}/sessions/{session}/attendance", {"attended": [member]})
    live.ask("POST", f"/{training}/sessions/{session}/attendance", {"attended": [member]})
    (first,) = certificates(driver, account)
    assert (first["title"], first["completed_on"], first["state"]) == ("First aid", "2027-02-01", "valid")

    live.ask("PATCH", f"/{training}/participants/{member}", {"attendance": "absent"})
    assert [one["state"] for one in certificates(driver, account)] == ["revoked"]
    live.ask("PATCH", f"/{training}/participants/{member}", {"attendance": "attended"})
    assert [one["state"] for one in certificates(driver, account)] == ["valid", "revoked"]
    live.ask("POST", f"/{training}/sessions/{session}/attendance", {"absent": [member]})
    assert [one["state"] for one in certificates(driver, account)] == ["revoked", "revoked"]


def test_many_people_are_certified_at_once(live: LiveTrainings, driver: Driver) -> None:
    training = live.training(certificate=True)
    session = live.session(training)
    people = [driver.world.learner(live.org) for _ in range(45)]
    live.enroll([member for _, member in people], (training, session))
    driver.until("2027-02-01T09:00")
    live.ask("POST", f"/{training}/sessions/{session}/attendance", {"attended": [member for _, member in people]})
    numbers = {certificates(driver, account)[0]["number"] for account, _ in people}
    assert len(numbers) == 45


# ---------------------------------------------------------------- the check


def test_anybody_checks_a_number(driver: Driver) -> None:
    one = holder(driver)
    page = driver.world.get(f"/certificates/{one.certificate['number']}")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "This certificate is genuine" in page.text
    assert all(text in page.text for text in ("Ann Lee", "Spotting Phishing", "Acme Industries", "4 January 2027"))


def test_the_check_tells_what_is_printed_and_no_more(driver: Driver) -> None:
    one = holder(driver, email="ann.lee@acme.example")
    said = checked(driver, one.certificate)
    assert said.keys() == {
        "number", "state", "title", "organization", "holder", "completed_on", "valid_until", "badge_url",
    }  # fmt: skip
    page = driver.world.get(f"/certificates/{one.certificate['number']}").text
    for secret in (one.org, one.account, one.member, one.course, "ann.lee@acme.example"):
        assert secret not in page


@pytest.mark.parametrize("typed", [str.lower, lambda number: number.replace("-", ""), lambda number: f"{number}."])
def test_a_number_may_be_typed_as_people_type(driver: Driver, typed: Any) -> None:
    one = holder(driver)
    assert driver.world.get(f"/certificates/{typed(one.certificate['number'])}").status == 200


def test_an_unknown_number_is_said_to_be_unknown(driver: Driver) -> None:
    one = holder(driver)
    number = one.certificate["number"]
    slip = ("2" if number[0] != "2" else "3") + number[1:]
    for wrong in (slip, "AAAAAA-AAAAAA-AAAAAA", "nonsense", number[:-1]):
        page = driver.world.get(f"/certificates/{wrong}")
        assert (page.status, "Certificate not found" in page.text) == (404, True)
        answer = driver.world.get(f"/certificates/{wrong}", headers={"Accept": "application/json"})
        assert (answer.status, answer.json["code"]) == (404, "not_found")
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_certificate_expires_at_the_end_of_its_last_day_everywhere(driver: Driver) -> None:
    one = holder(driver, certificate_months=1)
    assert one.certificate["valid_until"] == "2027-02-04"
    driver.until("2027-02-05T11:59")
    assert checked(driver, one.certificate)["state"] == "valid"
    driver.until("2027-02-05T12:00")
    assert checked(driver, one.certificate)["state"] == "expired"
    assert "has expired" in driver.world.get(f"/certificates/{one.certificate['number']}").text


# ---------------------------------------------------------------- whose they are


def test_certificates_of_several_organizations_come_in_pages(world: World, driver: Driver) -> None:
    account = world.account("kim@example.com")
    course = world.course(driver.msp, certificate=True)
    for name in ("Acme", "Globex", "Initech"):
        org = world.org(driver.msp, name, courses=[course])
        _, member = world.learner(org, account_id=account)
        driver.launch(org, [course])
        world.post(f"/me/courses/{org}.{member}.{course}/complete", account)
    first = world.get("/me/certificates?limit=2", account).json
    assert [one["organization"] for one in first["items"]] == ["Acme", "Globex"]
    second = world.get(f"/me/certificates?limit=2&cursor={first['next_cursor']}", account).json
    assert [one["organization"] for one in second["items"]] == ["Initech"]
    assert world.get("/me/certificates", world.account()).json == {"items": [], "next_cursor": None}
