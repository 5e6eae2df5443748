"""A client that its MSP closed: nothing new starts, its people are archived, its records stay (issue 10, 16)."""

from datetime import timedelta

import pytest

from chalicelib.jobs.sweep import MAX_RUN_TIME
from chalicelib.people.members import close_client
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.joining import Joining
from tests.stories.portal.browser import Browser


@pytest.fixture
def joining(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Joining:
    return Joining(world, driver, monkeypatch)


def _close(joining: Joining, *, work: bool = True) -> None:
    answer = joining.world.post(f"/msp/organizations/{joining.org}/close", joining.driver.admin)
    assert (answer.status, bool(answer.json["closed_at"]), answer.json["missing"]) == (202, True, ["opening"])
    if work:
        joining.driver.work()


def test_its_people_are_archived_and_its_records_stay(joining: Joining, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(close_client, "_PER_MESSAGE", 2)
    world, driver = joining.world, joining.driver
    account, starter = world.learner(joining.org)
    others = set(world.members(joining.org, 4))
    [batch] = driver.launch(joining.org, [joining.course])
    world.post(f"/me/courses/{joining.org}.{starter}.{joining.course}/start", account)
    _close(joining)
    assert {one["member_id"] for one in joining.by_status("archived")} == {starter, *others}
    assert joining.by_status("active") == []
    # Who started keeps the course; the records can be read.
    assert world.post(f"/me/courses/{joining.org}.{starter}.{joining.course}/complete", account).status == 200
    assert driver.batch(joining.org, batch)["name"] == "Q1 awareness"
    driver.world.now += MAX_RUN_TIME + timedelta(minutes=3)
    driver.sweep()
    due = [
        item["sk"] for item in world.dump("outbox") if item["pk"].startswith("DUE#") and "close_client" in item["sk"]
    ]
    assert due == []
    assert len([one for one in _audited(joining) if one == "member.archived"]) == 5
    assert _audited(joining).count("organization.closed") == 1


def _audited(joining: Joining) -> list[str]:
    return [one["action"] for one in joining.world.every(f"/orgs/{joining.org}/audit", joining.admin)]


def test_nothing_new_starts_there(joining: Joining) -> None:
    world, driver = joining.world, joining.driver
    _, member = joining.invited("ann@example.com")
    _close(joining)
    form = {"group_id": joining.group, "emails": ["bob@example.com"], "notify": "now"}
    assert joining.send_form(form).json["code"] == "client_closed"
    resent = world.post(f"/orgs/{joining.org}/invites/resend", joining.admin, {"member_ids": [member]})
    assert resent.json["code"] == "client_closed"
    accepted = world.post(f"/me/invites/{joining.org}.{member}/accept", world.account("ann@example.com"), {})
    assert (accepted.status, accepted.json["code"]) == (409, "client_closed")
    assert world.get("/join/acme").status == 404
    launched = driver.send(driver.form([joining.org], [joining.course]))
    assert (launched.status, launched.json["errors"][0]["code"]) == (422, "org_not_ready")
    # It can still be withdrawn.
    assert joining.change("cancel", member)[0]["done"]


def test_a_scheduled_course_fails_on_its_date_and_can_be_retried_once_it_is_open(joining: Joining) -> None:
    driver = joining.driver
    [batch] = driver.launch(joining.org, [{"course_id": joining.course, "enroll_on": "2027-02-01"}])
    _close(joining)
    driver.until("2027-02-01T12:00:00")
    driver.fire()
    row = driver.row(joining.org, batch, joining.course)
    assert (row["status"], row["code"]) == ("failed", "org_not_ready")
    opened = joining.world.post(f"/msp/organizations/{joining.org}/open", driver.admin)
    assert (opened.status, opened.json["closed_at"], opened.json["readiness"]) == (200, None, "ready")
    joining.world.member(joining.org)
    assert driver.retry(joining.org, batch, joining.course).status == 202
    driver.work()
    assert driver.row(joining.org, batch, joining.course)["num_enrolled"] == 1


def test_what_was_opened_again_before_its_job_ran_keeps_its_people(joining: Joining) -> None:
    joining.world.members(joining.org, 2)
    _close(joining, work=False)
    joining.world.post(f"/msp/organizations/{joining.org}/open", joining.driver.admin)
    joining.driver.work()
    assert len(joining.by_status("active")) == 2


def test_its_message_may_come_twice_and_be_lost(joining: Joining) -> None:
    joining.world.members(joining.org, 2)
    _close(joining, work=False)
    lost = joining.world.messages()
    joining.world.now += MAX_RUN_TIME + timedelta(minutes=3)
    joining.driver.sweep()
    assert len(joining.by_status("archived")) == 2
    before = _audited(joining)
    joining.driver.deliver([*lost, *lost])
    joining.driver.work()
    assert _audited(joining) == before


def test_nothing_new_begins_by_any_other_door(joining: Joining) -> None:
    world, org, admin = joining.world, joining.org, joining.admin
    training = world.post(f"/orgs/{org}/trainings", admin, {"title": "First aid"}).json["training_id"]
    session = {"starts_at": "2027-03-01T09:00", "ends_at": "2027-03-01T10:00", "time_zone": "UTC", "place": "Kiel"}
    made = world.post(f"/orgs/{org}/trainings/{training}/sessions", admin, session).json["session_id"]
    member = world.member(org)
    _close(joining, work=False)
    items = [{"training_id": training, "session_id": made}]
    for path, body in {
        "members": {"login_name": "ann.lee", "password": "First-password-1", "first_name": "Ann"},
        "admins": {"email": "bob@example.com", "role": "org_admin"},
        "trainings": {"title": "Fire drill"},
        f"trainings/{training}/sessions": session,
        "trainings/enroll": {"member_ids": [member], "items": items},
    }.items():
        answer = world.post(f"/orgs/{org}/{path}", admin, body)
        assert (answer.status, answer.json["code"]) == (409, "client_closed"), path
    # Whoever asks for the same on a page reads it there.
    page = Browser(world).has_session_of(admin).request("POST", f"/orgs/{org}/trainings/new", [("title", "Fire drill")])
    assert (page.status, "nothing new can start there" in page.text) == (409, True)


def test_an_invitation_that_waits_for_its_day_is_not_mailed(joining: Joining) -> None:
    world, driver = joining.world, joining.driver
    joining.invite("ann@example.com", notify="2027-01-05T10:00:00Z")
    driver.work()
    _close(joining)
    world.now += timedelta(days=2)
    driver.sweep()
    driver.work()
    joining.mailbox.send()
    assert joining.mailbox.to() == []
    (mail,) = [item for item in joining.mailbox.items() if item["kind"] == "invitation"]
    assert (mail["state"], mail["reason"]) == ("suppressed", "client_closed")


def test_its_join_page_settings_and_every_page_of_it_say_that_it_is_closed(joining: Joining) -> None:
    browser = Browser(joining.world).has_session_of(joining.admin)
    sentence = "Acme Industries is closed. Nothing new can start here and nobody can join"
    assert joining.settings()["shown"]
    assert sentence not in browser.open(f"/orgs/{joining.org}/join-page").text
    _close(joining)
    settings = joining.settings()
    assert (settings["enabled"], settings["shown"]) == (True, False)
    # What else may be missing is nobody's business until it is open again.
    assert [one["code"] for one in settings["problems"]] == ["closed"]
    page = browser.open(f"/orgs/{joining.org}/join-page")
    assert "on, but not visible" in page.text
    assert "Premium" not in page.text
    for path in ("", "/join-page", "/learners", "/learners/add", "/imports/new", "/trainings", "/settings"):
        assert sentence in browser.open(f"/orgs/{joining.org}{path}").text, path
