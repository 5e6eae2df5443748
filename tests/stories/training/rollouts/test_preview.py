"""A preview counts what a launch would do and changes nothing; a launch that quotes it runs what was reviewed."""

from typing import Any

import pytest

from chalicelib.training.rollouts import preview as counting
from tests.gateway import Answer
from tests.stories.driver import Driver


def preview(driver: Driver, body: dict[str, Any]) -> dict[str, Any]:
    """Ask for it, let it be counted, and read it."""
    requested = driver.world.post("/msp/training/preview", driver.admin, body)
    assert requested.status == 202, requested.text
    assert requested.json["status"] == "running"
    driver.work()
    return dict(driver.world.get(f"/msp/training/preview/{requested.json['plan_id']}", driver.admin).json)


def counts(seen: dict[str, Any], org: str, course: str) -> dict[str, Any]:
    client = next(item for item in seen["organizations"] if item["org_id"] == org)
    found = next(item for item in client["courses"] if item["course_id"] == course)
    return {name: number for name, number in found.items() if isinstance(number, int) and number}


def launch(driver: Driver, body: dict[str, Any], plan: str, **more: Any) -> Answer:
    return driver.send({**body, "plan_id": plan, **more})


@pytest.fixture
def org(driver: Driver, course: str) -> str:
    return driver.clients(course, "Acme Industries")[0]


def _all_but_plans(driver: Driver) -> list[dict[str, Any]]:
    """All that is stored beside previews themselves, that one was made, and the keys of requests."""
    items = [item for stored in driver.everything().values() for item in stored]
    return [item for item in items if not item["pk"].startswith(("PLAN#", "ACTIVITY#", "IDEMPOTENCY#"))]


@pytest.mark.parametrize("per_message", [1, 3, 4, 9, 100])
def test_it_counts_what_a_launch_then_does(
    driver: Driver, org: str, course: str, monkeypatch: pytest.MonkeyPatch, per_message: int
) -> None:
    monkeypatch.setattr(counting, "_PER_MESSAGE", per_message)
    other = driver.world.course(driver.msp)
    account, done = driver.world.learner(org)
    group = driver.world.group(org, "Finance")
    driver.world.members(org, 2)
    driver.launch(org, [course])
    driver.world.post(f"/me/courses/{org}.{done}.{course}/complete", account)
    driver.world.members(org, 4)
    driver.world.member(org, [group])
    driver.world.member(org, email="new@example.com")
    driver.world.member(org, status="pending")
    access = {"course_ids": [course], "reply_to": "training@acme.example", "seats": {course: 7}}
    assert driver.world.put(f"/msp/organizations/{org}/training-access", driver.admin, access).status == 200
    body = driver.form(
        [org],
        [course, other],
        targeting={"mode": "exclude_groups", "group_ids": [group]},
        notifications={"enrollment": True, "reminders": False},
    )
    before = _all_but_plans(driver)

    seen = preview(driver, body)

    assert _all_but_plans(driver) == before
    assert seen["status"] == "ready"
    assert counts(seen, org, course) == {
        "will_enroll": 4, "no_seat": 1, "already_enrolled": 2, "already_completed": 1, "excluded": 1,
    }  # fmt: skip
    assert counts(seen, org, other) == {"no_access": 8, "excluded": 1}
    launched = launch(driver, body, seen["plan_id"])
    assert launched.status == 202, launched.text
    driver.work()
    row = driver.row(org, launched.json["results"][0]["batch_id"], course)
    numbers = (row["num_enrolled"], row["num_failed"], row["num_already_enrolled"], row["num_skipped"])
    assert numbers == (4, 1, 2, 1)


def test_it_shows_the_instants_of_each_client_and_who_lacks_a_group(driver: Driver, course: str) -> None:
    east = driver.world.org(driver.msp, "East", courses=[course], time_zone="Pacific/Auckland")
    west = driver.world.org(driver.msp, "West", courses=[course], time_zone="America/New_York")
    finance = driver.world.group(east, "Finance")
    driver.world.member(east, [finance])
    body = driver.form(
        [east, west],
        [{"course_id": course, "enroll_on": "2027-03-14", "due_by": "2027-03-31"}],
        targeting={"mode": "group_names", "group_names": ["Finance"]},
        notifications={"enrollment": True, "reminders": False},
    )
    seen = preview(driver, body)
    first, second = (item["courses"][0] for item in seen["organizations"])
    assert (first["enroll_at"], second["enroll_at"]) == ("2027-03-13T20:00:00Z", "2027-03-14T13:00:00Z")
    assert (first["due_at"], second["due_at"]) == ("2027-03-31T11:00:00Z", "2027-04-01T04:00:00Z")
    assert (first["groups_missing"], second["groups_missing"]) == (False, True)
    assert (first["missing_groups"], second["missing_groups"]) == ([], ["Finance"])
    assert (first["will_enroll"], first["would_be_mailed"], second["will_enroll"]) == (1, 1, 0)


@pytest.mark.parametrize("change", ["people", "enrollments", "access"])
def test_a_launch_says_what_has_changed_since(driver: Driver, org: str, course: str, change: str) -> None:
    driver.world.members(org, 2)
    body = driver.form([org], [course])
    seen = preview(driver, body)
    if change == "people":
        driver.world.member(org)
    elif change == "enrollments":
        driver.launch(org, [course])
    else:
        access = {"course_ids": [course], "reply_to": "training@acme.example", "seats": {course: 9}}
        driver.world.put(f"/msp/organizations/{org}/training-access", driver.admin, access)

    answer = launch(driver, body, seen["plan_id"])

    assert (answer.status, answer.json["code"]) == (409, "plan_changed")
    assert answer.json["differences"] == [{"org_id": org, "changed": [change]}]
    assert launch(driver, body, seen["plan_id"], accept_changes=True).status == 202


@pytest.mark.parametrize("again", [True, False])
@pytest.mark.parametrize("by", ["learner", "admin"])
def test_who_completes_meanwhile_matters_to_a_plan_that_enrolls_them_again(
    driver: Driver, org: str, course: str, by: str, again: bool
) -> None:
    account, member = driver.world.learner(org)
    driver.launch(org, [course])
    body = driver.form([org], [course], reenroll_completed=again)
    seen = preview(driver, body)
    assert counts(seen, org, course) == {"already_enrolled": 1}
    if by == "learner":
        done = driver.world.post(f"/me/courses/{org}.{member}.{course}/complete", account)
    else:
        path = f"/orgs/{org}/members/{member}/enrollments/{org}.{member}.{course}"
        done = driver.world.patch(path, driver.admin, {"result": {"score": 90, "completed_at": None}})
    assert done.status == 200

    answer = launch(driver, body, seen["plan_id"])

    if again:
        assert (answer.status, answer.json["code"]) == (409, "plan_changed")
        assert answer.json["differences"] == [{"org_id": org, "changed": ["completions"]}]
    else:
        assert answer.status == 202


def test_all_kinds_that_changed_are_named_completions_among_them(driver: Driver, org: str, course: str) -> None:
    """Issue 10, 22: beside people who came, completions change the counts too."""
    account, member = driver.world.learner(org)
    driver.launch(org, [course])
    body = driver.form([org], [course])
    seen = preview(driver, body)
    driver.world.post(f"/me/courses/{org}.{member}.{course}/complete", account)
    driver.world.member(org)
    driver.launch(org, [course])

    answer = launch(driver, body, seen["plan_id"])

    assert (answer.status, answer.json["code"]) == (409, "plan_changed")
    assert answer.json["differences"] == [{"org_id": org, "changed": ["completions", "enrollments", "people"]}]


def test_the_preview_and_the_batch_say_which_group_a_client_lacks(driver: Driver, org: str, course: str) -> None:
    """Issue 10, 22: `groups_missing` is a yes or no."""
    driver.world.group(org, "Sales")
    targeting = {"mode": "group_names", "group_names": ["Finance", "Sales", "Legal", "Finance"]}
    body = driver.form([org], [course, {"course_id": driver.world.course(driver.msp), "enroll_on": "2027-02-01"}])
    seen = preview(driver, {**body, "targeting": targeting})
    assert seen["organizations"][0]["courses"][0]["missing_groups"] == ["Finance", "Legal"]
    [batch] = driver.launch(org, body["courses"], targeting=targeting)
    assert driver.batch(org, batch)["missing_groups"] == ["Finance", "Legal"]
    driver.world.group(org, "Finance")
    driver.world.put(
        f"/msp/organizations/{org}/training-access",
        driver.admin,
        {"course_ids": [one["course_id"] for one in driver.batch(org, batch)["courses"]], "reply_to": "a@b.example"},
    )
    driver.until("2027-02-01T12:00:00")
    driver.fire()
    assert driver.batch(org, batch)["missing_groups"] == ["Legal"]


def test_a_count_of_what_is_not_in_its_plan_counts_nothing(driver: Driver, org: str, course: str) -> None:
    body = driver.form([org], [course])
    seen = preview(driver, body)
    before = driver.everything()
    job = {"job": "preview", "msp_id": driver.msp, "plan_id": seen["plan_id"], "org_id": org, "course_id": course}
    driver.deliver([{**job, "course_id": "another"}, {**job, "org_id": driver.world.org(driver.msp, "Other")}])
    after = driver.everything()
    assert [item for item in after["outbox"] if item not in before["outbox"]] == []


def test_scheduled_courses_use_the_people_of_their_date_whatever_has_changed(
    driver: Driver, org: str, course: str
) -> None:
    body = driver.form([org], [{"course_id": course, "enroll_on": "2027-02-01"}])
    seen = preview(driver, body)
    driver.world.member(org)
    assert launch(driver, body, seen["plan_id"]).status == 202


def test_a_client_that_is_not_ready_any_more_fails_alone(driver: Driver, org: str, course: str) -> None:
    [steady] = driver.clients(course, "Steady")
    body = driver.form([org, steady], [course])
    seen = preview(driver, body)
    driver.world.delete(f"/msp/organizations/{org}/training-access", driver.admin)

    answer = launch(driver, body, seen["plan_id"], accept_changes=True)

    assert answer.status == 202, answer.text
    assert [result["ok"] for result in answer.json["results"]] == [False, True]
    assert answer.json["results"][0]["error"]["code"] == "org_not_ready"


def test_a_plan_is_good_for_its_own_form_its_own_msp_and_an_hour(driver: Driver, org: str, course: str) -> None:
    body = driver.form([org], [course])
    seen = preview(driver, body)
    differs = launch(driver, {**body, "name": "Another"}, seen["plan_id"])
    assert (differs.status, differs.json["errors"][0]["code"]) == (422, "plan_differs")
    stranger = driver.world.msp_admin(driver.world.msp("Another"))
    assert driver.world.get(f"/msp/training/preview/{seen['plan_id']}", stranger).status == 404
    driver.until("2027-01-04T11:00:01")
    assert driver.world.get(f"/msp/training/preview/{seen['plan_id']}", driver.admin).status == 404
    over = launch(driver, body, seen["plan_id"])
    assert (over.status, over.json["errors"][0]["code"]) == (422, "unknown_plan")


def test_it_is_readable_while_it_grows_and_a_count_that_broke_says_so(driver: Driver, org: str, course: str) -> None:
    other = driver.world.course(driver.msp)
    requested = driver.world.post("/msp/training/preview", driver.admin, driver.form([org], [course, other])).json
    first, second = driver.world.messages()
    driver.deliver([first, first])
    path = f"/msp/training/preview/{requested['plan_id']}"
    growing = driver.world.get(path, driver.admin).json
    assert (growing["status"], len(growing["organizations"][0]["courses"])) == ("running", 1)
    driver.handle_dead_letter(second)
    seen = driver.world.get(path, driver.admin).json
    assert seen["status"] == "ready"
    assert {item["code"] for item in seen["organizations"][0]["courses"]} == {None, "processing_failed"}


def test_a_wrong_form_is_refused_as_at_launch(driver: Driver, org: str, course: str) -> None:
    answer = driver.world.post("/msp/training/preview", driver.admin, driver.form([org], [course, course]))
    assert answer.status == 422
    assert answer.json["errors"][0]["field"] == "courses.1"
