"""L1: the start page of a learner's account, in four calls."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chalicelib.aws.clients import client
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.live_trainings import LiveTrainings
from tests.stories.training.certificates.holders import holder


def _home(world: World, account: str) -> dict[str, Any]:
    answer = world.get("/me/home", account)
    assert answer.status == 200, answer.text
    return dict(answer.json)


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

    home = _home(world, account)
    assert [one["title"] for one in home["courses"]] == ["Soon", "Later", "Whenever", "On my own"]
    assert (home["num_open_courses"], home["num_overdue_courses"]) == (4, 0)
    listed = {one["enrollment_id"]: one for one in world.every("/me/courses", account)}
    assert all(listed[one["enrollment_id"]] == one for one in home["courses"])

    driver.until("2027-01-11T12:00")
    home = _home(world, account)
    assert (home["num_overdue_courses"], [one["overdue"] for one in home["courses"]]) == (
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
    home = _home(world, account)
    assert [one["starts_at"] for one in home["trainings"]] == ["2027-02-01T09:00", "2027-03-01T09:00"]
    (mine,) = [one for one in world.every("/me/trainings", account) if soon[0] in one["participation_id"]]
    assert home["trainings"][0].items() <= mine.items()
    assert home["num_unread"] == world.get("/me/notifications", account).json["num_unread"] > 0
    assert home["notifications"] == world.get("/me/notifications?limit=5", account).json["items"]

    world.post(f"/me/trainings/{mine['participation_id']}/decline", account)
    world.post("/me/notifications/read", account, {"ids": "all"})
    home = _home(world, account)
    assert [one["starts_at"] for one in home["trainings"]] == ["2027-03-01T09:00"]
    assert (home["num_unread"], home["notifications"][0]["read"]) == (0, True)
    driver.until("2027-03-01T09:00")
    assert _home(world, account)["trainings"] == []


def test_certificates_are_counted_while_they_count(world: World, driver: Driver) -> None:
    one = holder(driver, certificate_months=1)
    home = _home(world, one.account)
    assert (home["num_certificates"], home["certificates"]) == (1, [one.certificate])
    driver.until("2027-03-01T12:00")
    home = _home(world, one.account)
    assert (home["num_certificates"], [item["state"] for item in home["certificates"]]) == (0, ["expired"])


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
    with _counted() as calls:
        home = _home(world, account)
    assert calls == ["Query", "ExecuteStatement", "BatchGetItem", "Query"]
    assert (home["num_open_courses"], len(home["courses"])) == (30, 10)
    assert (home["num_certificates"], len(home["certificates"]), len(home["trainings"])) == (6, 5, 2)


def test_of_others_nothing_is_shown(world: World, driver: Driver) -> None:
    one = holder(driver)
    other, _ = world.learner(one.org)
    assert _home(world, other)["certificates"] == []
    assert _home(world, world.account())["num_certificates"] == 0
