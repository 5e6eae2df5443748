"""L1: the start page of a learner's account, in four calls."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.aws.clients import client
from chalicelib.reporting.home.service import home
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.live_trainings import LiveTrainings
from tests.stories.training.certificates.holders import holder


def _home(world: World, account: str) -> dict[str, Any]:
    answer = world.get("/me/home", account)
    assert answer.status == 200, answer.text
    return dict(answer.json)


def _invite(world: World, driver: Driver, org: str, email: str) -> None:
    form = {"group_id": world.group(org, "Invited"), "emails": [email], "notify": "now"}
    answer = world.post(f"/orgs/{org}/invites", driver.admin, form, headers={"Idempotency-Key": org + email})
    assert answer.status == 201, answer.text


@contextmanager
def _counted() -> Iterator[list[str]]:
    """The calls that the application makes."""
    calls: list[str] = []

    def note(model: Any, **_: Any) -> None:
        calls.append(model.name)

    events = client("dynamodb").meta.events
    events.register("before-call.dynamodb", note)
    yield calls
    events.unregister("before-call.dynamodb", note)


def test_a_new_account_has_an_empty_page(world: World) -> None:
    assert _home(world, world.account()) == {
        "num_invitations": 0, "invitations": [],
        "num_open_courses": 0, "num_overdue_courses": 0, "courses": [], "trainings": [], "num_unread": 0,
        "notifications": [], "num_certificates": 0, "certificates": [],
    }  # fmt: skip


def test_what_is_due_first_comes_first_over_all_organizations(world: World, driver: Driver) -> None:
    account = world.account("kim@example.com")
    courses = {title: world.course(driver.msp, title) for title in ("Later", "Soon", "Whenever", "Done")}
    expected = {"Soon": "2027-01-10", "Later": "2027-02-01"}
    for name, titles in (("Acme", ("Later", "Done")), ("Globex", ("Soon", "Whenever"))):
        org = world.org(driver.msp, name, courses=[courses[title] for title in titles])
        _, member = world.learner(org, account_id=account)
        driver.launch(org, [{"course_id": courses[one], "due_by": expected.get(one)} for one in titles])
        for title in {"Done", "Whenever"} & set(titles):
            verb = "complete" if title == "Done" else "start"
            world.post(f"/me/courses/{org}.{member}.{courses[title]}/{verb}", account)
    own = world.course(driver.msp, "On my own", self_enroll=True)
    world.now = world.now.replace(hour=12)
    world.post("/me/courses", account, {"course_id": own})

    page = _home(world, account)
    assert [one["title"] for one in page["courses"]] == ["Soon", "Later", "Whenever", "On my own"]
    assert (page["num_open_courses"], page["num_overdue_courses"]) == (4, 0)
    listed = {one["enrollment_id"]: one for one in world.every("/me/courses", account)}
    assert all(listed[one["enrollment_id"]] == one for one in page["courses"])

    driver.until("2027-01-11T12:00")
    page = _home(world, account)
    assert (page["num_overdue_courses"], [one["overdue"] for one in page["courses"]]) == (
        1,
        [True, False, False, False],
    )


def test_sessions_to_come_are_there_until_they_are_over(
    world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = LiveTrainings(world, driver, monkeypatch)
    account = world.account("kim@example.com")
    member = live.person("kim@example.com", account_id=account)
    late, soon, off = live.one(starts_at="2027-03-01T09:00", ends_at="2027-03-01T10:00"), live.one(), live.one()
    live.enroll([member], late, soon, off)
    live.ask("POST", f"/{off[0]}/sessions/{off[1]}/cancel", {})
    driver.work()
    page = _home(world, account)
    assert [one["starts_at"] for one in page["trainings"]] == ["2027-02-01T09:00", "2027-03-01T09:00"]
    (mine,) = [one for one in world.every("/me/trainings", account) if soon[0] in one["participation_id"]]
    assert page["trainings"][0].items() <= mine.items()
    assert page["num_unread"] == world.get("/me/notifications", account).json["num_unread"] > 0
    assert page["notifications"] == world.get("/me/notifications?limit=5", account).json["items"]

    world.post(f"/me/trainings/{mine['participation_id']}/decline", account)
    world.post("/me/notifications/read", account, {"ids": "all"})
    page = _home(world, account)
    assert [one["starts_at"] for one in page["trainings"]] == ["2027-03-01T09:00"]
    assert (page["num_unread"], page["notifications"][0]["read"]) == (0, True)
    driver.until("2027-03-01T09:00")
    assert _home(world, account)["trainings"] == []


def test_certificates_are_counted_while_they_count(world: World, driver: Driver) -> None:
    one = holder(driver, certificate_months=1)
    page = _home(world, one.account)
    assert (page["num_certificates"], page["certificates"]) == (1, [one.certificate])
    driver.until("2027-03-01T12:00")
    page = _home(world, one.account)
    assert (page["num_certificates"], [item["state"] for item in page["certificates"]]) == (0, ["expired"])


def test_it_takes_four_calls_however_much_there_is(
    world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = LiveTrainings(world, driver, monkeypatch)
    account = world.account("kim@example.com")
    live.enroll([live.person("kim@example.com", account_id=account)], live.one(), live.one())
    courses = [world.course(driver.msp, certificate=True) for _ in range(12)]
    for name in ("Acme", "Globex", "Initech"):
        org = world.org(driver.msp, name, courses=courses)
        _, member = world.learner(org, account_id=account)
        driver.launch(org, courses)
        for course in courses[:2]:
            world.post(f"/me/courses/{org}.{member}.{course}/complete", account)
    for number in range(7):
        _invite(world, driver, world.org(driver.msp, f"Inviting {number}"), "kim@example.com")
    with _counted() as calls:
        page = _home(world, account)
    assert calls == ["ExecuteStatement", "ExecuteStatement", "BatchGetItem", "Query"]
    assert (page["num_invitations"], len(page["invitations"])) == (7, 5)
    assert (page["num_open_courses"], len(page["courses"])) == (30, 10)
    assert (page["num_certificates"], len(page["certificates"]), len(page["trainings"])) == (6, 5, 2)


def test_open_invitations_are_there_until_they_are_answered(world: World, driver: Driver) -> None:
    account = world.account("kim@example.com")
    orgs = [world.org(driver.msp, name) for name in ("Acme", "Globex", "Initech")]
    for org in orgs:
        _invite(world, driver, org, "Kim@Example.com")
    _invite(world, driver, world.org(driver.msp, "Umbrella"), "lee@example.com")
    page = _home(world, account)
    assert page["num_invitations"] == 3
    assert page["invitations"] == world.get("/me/invites", account).json["items"]
    assert {one["organization"] for one in page["invitations"]} == {"Acme", "Globex", "Initech"}
    first, second, third = page["invitations"]
    names = {"first_name": "Kim", "last_name": "Lee"}
    assert world.post(f"/me/invites/{first['invite_id']}/accept", account, names).status == 200
    assert world.post(f"/me/invites/{second['invite_id']}/decline", account).status == 200
    page = _home(world, account)
    assert (page["num_invitations"], page["invitations"]) == (1, [third])
    world.now += timedelta(days=60)
    assert _home(world, account)["invitations"][0]["expired"]


def test_an_address_that_is_not_confirmed_shows_no_invitations(world: World, driver: Driver) -> None:
    account = world.account("kim@example.com")
    _invite(world, driver, world.org(driver.msp), "kim@example.com")
    assert len(home(account, "kim@example.com", world.now).invitations) == 1
    assert home(account, None, world.now).invitations == []


def test_of_others_nothing_is_shown(world: World, driver: Driver) -> None:
    one = holder(driver)
    other, _ = world.learner(one.org)
    assert _home(world, other)["certificates"] == []
    assert _home(world, world.account())["num_certificates"] == 0
