"""R1 to R3, R9: dashboard, a client's page, a batch's page, a rollout's page, and that they agree."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from tests.harness import World
from tests.stories.driver import Driver, refused

DENIED = (
    "The organization does not have this course enabled. "
    "Enable the course in its training access, which its provider manages, then choose Retry."
)


def _item(driver: Driver, org: str) -> dict[str, Any]:
    return next(item for item in driver.dashboard()["items"] if item["org_id"] == org)


# ---------------------------------------------------------------- dashboard


def test_a_client_that_never_had_a_batch_is_pending(world: World, driver: Driver) -> None:
    org = world.org(driver.msp, "Acme")
    assert driver.dashboard() == {
        "totals": {"course_enrollments": 0, "completed": 0, "scheduled": 0},
        "items": [{"org_id": org, "name": "Acme", "num_batches": 0, "num_courses": 0, "status": "pending"}],
        "next_cursor": None,
    }


def test_the_dashboard_counts_rows_per_client_and_in_total(world: World, driver: Driver, course: str) -> None:
    later, missing = world.course(driver.msp, "Later"), world.course(driver.msp, "Missing")
    acme = world.org(driver.msp, "Acme", courses=[course, later])
    bolt, quiet = driver.clients(course, "Bolt", "Quiet")
    world.members(acme, 3)
    world.members(bolt, 2)
    driver.launch([acme, bolt], [course, {"course_id": later, "enroll_on": "2027-02-01"}, missing])
    assert driver.dashboard()["totals"] == {"course_enrollments": 6, "completed": 2, "scheduled": 2}
    status = {"completed": 1, "scheduled": 1, "failed": 1}
    assert [_item(driver, org) for org in (acme, bolt)] == [
        {"org_id": acme, "name": "Acme", "num_batches": 1, "num_courses": 3, "status": status},
        {"org_id": bolt, "name": "Bolt", "num_batches": 1, "num_courses": 3, "status": status},
    ]
    assert _item(driver, quiet)["status"] == "pending"


def test_the_dashboard_and_the_rows_agree_whatever_became_of_them(world: World, driver: Driver, course: str) -> None:
    later, missing = world.course(driver.msp), world.course(driver.msp)
    orgs = [world.org(driver.msp, courses=[course, later]) for _ in range(3)]
    bad = world.member(orgs[0])
    for org in orgs:
        world.members(org, 2)
    only = world.member(orgs[2])
    group = world.group(orgs[2])
    world.member(orgs[2], [group], email="other@example.com")
    batches = {}
    with refused(bad, only):
        batches.update(zip(orgs, driver.launch(orgs, [course, missing]), strict=True))
    dates = {"course_id": later, "enroll_on": "2027-03-01"}
    more = dict(zip(orgs, driver.launch(orgs, [dates], name="Later"), strict=True))
    driver.retry(orgs[0], batches[orgs[0]], course)
    statuses: Counter[str] = Counter()
    for org in orgs:
        rows = [*driver.rows(org, batches[org]).values(), *driver.rows(org, more[org]).values()]
        own = Counter(row["status"] for row in rows)
        statuses += own
        item = _item(driver, org)
        assert (item["num_batches"], item["num_courses"]) == (2, len(rows))
        assert item["status"] == {
            "completed": own["enrolled"],
            "scheduled": own["scheduled"] + own["enrolling"],
            "failed": own["failed"] + own["partial"] + own["access_denied"],
        }
    # Row 1 of the first client is on its way again, that of the third is partial.
    assert statuses == {"scheduled": 4, "access_denied": 3, "enrolled": 1, "partial": 1}
    assert driver.dashboard()["totals"] == {"course_enrollments": 9, "completed": 1, "scheduled": 4}


def test_the_dashboard_comes_in_pages_with_the_same_totals(world: World, driver: Driver, course: str) -> None:
    orgs = driver.clients(course, "Acme", "Bolt", "Cedar", "Dune", "Elm")
    driver.launch(orgs, [course])
    first = world.get("/msp/training?limit=2", driver.admin).json
    second = world.get(f"/msp/training?limit=2&cursor={first['next_cursor']}", driver.admin).json
    assert second["totals"] == first["totals"] == {"course_enrollments": 5, "completed": 5, "scheduled": 0}
    names = [item["name"] for item in world.every("/msp/training?limit=2", driver.admin)]
    assert sorted(names) == ["Acme", "Bolt", "Cedar", "Dune", "Elm"]


def test_a_cursor_is_good_for_its_own_list_and_caller_only(world: World, driver: Driver, course: str) -> None:
    driver.clients(course, "Acme", "Bolt")
    cursor = world.get("/msp/training?limit=1", driver.admin).json["next_cursor"]
    colleague = world.msp_admin(driver.msp)
    for path, caller in (("/msp/training", colleague), ("/msp/rollouts", driver.admin)):
        answer = world.get(f"{path}?cursor={cursor}", caller)
        assert (answer.status, answer.json["errors"][0]["field"]) == (422, "cursor")


@pytest.mark.parametrize("limit", ["0", "101", "-1", "many", "1e1"])
def test_a_page_has_1_to_100_items(driver: Driver, limit: str) -> None:
    answer = driver.world.get(f"/msp/training?limit={limit}", driver.admin)
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "limit")


# ---------------------------------------------------------------- a client's page


def test_a_client_s_page_lists_its_batches_newest_first(world: World, driver: Driver, course: str) -> None:
    later = world.course(driver.msp)
    org = world.org(driver.msp, "Acme", courses=[course, later])
    world.member(org)
    (first,) = driver.launch(org, [course], name="First")
    driver.until("2027-01-05T10:00")
    dates = [{"course_id": course, "enroll_on": "2027-02-01"}, {"course_id": later, "enroll_on": "2027-01-11"}]
    (second,) = driver.launch(org, dates, name="Second")
    answer = world.get(f"/msp/training/{org}", driver.admin)
    assert answer.json == {
        "organization": {"org_id": org, "name": "Acme"},
        "items": [
            {
                "batch_id": second, "name": "Second", "num_courses": 2, "status": "scheduled",
                "next_enrollment_date": "2027-01-11", "created_at": "2027-01-05T10:00:00Z", "launched_by": "msp",
            },
            {
                "batch_id": first, "name": "First", "num_courses": 1, "status": "completed",
                "next_enrollment_date": None, "created_at": "2027-01-04T10:00:00Z", "launched_by": "msp",
            },
        ],
        "next_cursor": None,
    }  # fmt: skip
    names = [item["name"] for item in world.every(f"/msp/training/{org}?limit=1", driver.admin)]
    assert names == ["Second", "First"]


def test_the_next_enrollment_date_moves_on_as_courses_start(world: World, driver: Driver, course: str) -> None:
    later = world.course(driver.msp)
    org = world.org(driver.msp, courses=[course, later])
    dates = [{"course_id": course, "enroll_on": "2027-01-11"}, {"course_id": later, "enroll_on": "2027-02-01"}]
    driver.launch(org, dates)
    found = []
    for moment in ("2027-01-10T12:00", "2027-01-11T12:00", "2027-02-01T12:00"):
        driver.until(moment)
        driver.fire()
        (item,) = world.get(f"/msp/training/{org}", driver.admin).json["items"]
        found.append((item["next_enrollment_date"], item["status"]))
    assert found == [("2027-01-11", "scheduled"), ("2027-02-01", "in_progress"), (None, "completed")]


# ---------------------------------------------------------------- a batch's page


def test_a_batch_s_page_has_cards_and_a_row_for_each_course(world: World, driver: Driver, course: str) -> None:
    later, missing = world.course(driver.msp, "Later"), world.course(driver.msp, "Missing")
    org = world.org(driver.msp, courses=[course, later])
    world.members(org, 3)
    courses = [
        {"course_id": course, "due_by": "2027-01-31"},
        {"course_id": later, "enroll_on": "2027-02-01", "due_by": "2027-02-28"},
        missing,
    ]
    (batch,) = driver.launch(org, courses)
    page = driver.batch(org, batch)
    assert {name: page[name] for name in ("batch_id", "name", "status", "created_at")} == {
        "batch_id": batch,
        "name": "Q1 awareness",
        "status": "has_failures",
        "created_at": "2027-01-04T10:00:00Z",
    }
    assert page["summary"] == {"enrolled": 1, "scheduled": 1, "needs_access": 1, "failed": 0}
    numbers = ["num_targeted", "num_enrolled", "num_already_enrolled", "num_skipped", "num_failed", "num_started"]
    none = dict.fromkeys([*numbers, "num_completed", "num_overdue"], 0)
    expected = {
        course: {
            **none, "course_id": course, "title": "Spotting Phishing", "status": "enrolled",
            "enroll_on": "2027-01-04", "enroll_at": "2027-01-04T10:00:00Z", "due_by": "2027-01-31",
            "num_targeted": 3, "num_enrolled": 3, "can_retry": False, "code": None, "explanation": None,
        },
        later: {
            **none, "course_id": later, "title": "Later", "status": "scheduled",
            "enroll_on": "2027-02-01", "enroll_at": "2027-02-01T08:00:00Z", "due_by": "2027-02-28",
            "can_retry": False, "code": None, "explanation": None,
        },
        missing: {
            **none, "course_id": missing, "title": "Missing", "status": "access_denied",
            "enroll_on": "2027-01-04", "enroll_at": "2027-01-04T10:00:00Z", "due_by": None,
            "can_retry": True, "code": "access_denied", "explanation": DENIED,
        },
    }  # fmt: skip
    assert {row["course_id"] for row in page["courses"]} == set(expected)
    for row in page["courses"]:
        assert {name: row[name] for name in expected[row["course_id"]]} == expected[row["course_id"]]


def test_cards_count_partial_and_failed_rows_as_failed(world: World, driver: Driver) -> None:
    courses = [world.course(driver.msp) for _ in range(2)]
    org = world.org(driver.msp, courses=courses)
    bad = world.member(org)
    with refused(bad):
        (failed,) = driver.launch(org, courses)
        world.members(org, 2)
        (partial,) = driver.launch(org, courses)
    for batch, status in ((failed, "failed"), (partial, "partial")):
        page = driver.batch(org, batch)
        assert page["summary"] == {"enrolled": 0, "scheduled": 0, "needs_access": 0, "failed": 2}
        assert {row["status"] for row in page["courses"]} == {status}
        assert all(row["can_retry"] and row["explanation"] for row in page["courses"])


def test_a_batch_that_is_not_there_is_not_found(world: World, driver: Driver, course: str) -> None:
    acme, bolt = driver.clients(course, "Acme", "Bolt")
    (batch,) = driver.launch(acme, [course])
    for path in (f"{acme}/01NONE", f"{bolt}/{batch}", f"01NONE/{batch}", "01NONE"):
        assert world.get(f"/msp/training/{path}", driver.admin).status == 404


# ---------------------------------------------------------------- a rollout's page


def test_a_rollout_s_page_shows_every_client_with_its_progress(world: World, driver: Driver, course: str) -> None:
    later = world.course(driver.msp)
    acme, bolt, cedar = (world.org(driver.msp, name, courses=[course, later]) for name in ("Acme", "Bolt", "Cedar"))
    bad = world.member(acme)
    world.members(acme, 4)
    courses = [course, {"course_id": later, "enroll_on": "2027-02-01"}]
    with refused(bad, cedar):
        answer = driver.send(driver.form([acme, bolt, cedar], courses))
        driver.work()
    path = f"/msp/rollouts/{answer.json['rollout_id']}"
    page = world.get(path, driver.admin).json
    assert {name: page[name] for name in ("name", "state", "num_orgs", "num_ok", "num_failed", "created_at")} == {
        "name": "Q1 awareness", "state": "launched", "num_orgs": 3, "num_ok": 2, "num_failed": 1,
        "created_at": "2027-01-04T10:00:00Z",
    }  # fmt: skip
    lines = [(result["name"], result["ok"], result["batch_status"], result["progress"]) for result in page["results"]]
    assert lines == [
        ("Acme", True, "has_failures", {"num_targeted": 5, "num_done": 4, "num_failed": 1}),
        ("Bolt", True, "in_progress", {"num_targeted": 0, "num_done": 0, "num_failed": 0}),
        ("Cedar", False, None, None),
    ]
    assert page["results"][2]["error"]["code"] == "write_failed"
    assert world.get("/msp/rollouts/01NONE", driver.admin).status == 404


def test_progress_grows_chunk_by_chunk(
    world: World, driver: Driver, course: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.training.batches.recipients.partition_of.__defaults__", (2,))
    (org,) = driver.clients(course, "Acme")
    world.members(org, 5)
    answer = driver.send(driver.form([org], [course]))
    driver.deliver(world.messages())
    chunks = world.messages()
    seen = []
    for chunk in chunks:
        driver.deliver([chunk])
        (line,) = world.get(f"/msp/rollouts/{answer.json['rollout_id']}", driver.admin).json["results"]
        seen.append((line["batch_status"], line["progress"]["num_targeted"], line["progress"]["num_done"]))
    assert [line[:2] for line in seen] == [("in_progress", 5), ("in_progress", 5), ("completed", 5)]
    assert sorted(later[2] - earlier[2] for earlier, later in zip([(0, 0, 0), *seen], seen, strict=False)) == [1, 2, 2]


def test_rollouts_are_listed_newest_first(world: World, driver: Driver, course: str) -> None:
    (org,) = driver.clients(course, "Acme")
    for name in ("First", "Second", "Third"):
        driver.launch(org, [course], name=name)
        world.now += timedelta(seconds=1)
    names = [item["name"] for item in world.every("/msp/rollouts?limit=2", driver.admin)]
    assert names == ["Third", "Second", "First"]


def test_right_after_a_launch_a_batch_shows_its_courses_from_the_plan(world: World, driver: Driver) -> None:
    """Issue 10, 21: no courses, and the learners' route 404, while the rows are made."""
    first, second = world.course(driver.msp), world.course(driver.msp)
    (org,) = driver.clients(first, "Acme Industries")
    world.member(org)
    courses = [{"course_id": first, "due_by": "2027-03-01"}, {"course_id": second, "enroll_on": "2027-02-01"}]
    batch = driver.send(driver.form([org], courses)).json["results"][0]["batch_id"]

    before = driver.rows(org, batch)
    assert driver.batch(org, batch)["summary"] == {"enrolled": 0, "scheduled": 2, "needs_access": 0, "failed": 0}
    assert [before[course]["status"] for course in (first, second)] == ["scheduled", "scheduled"]
    assert driver.learners(org, batch, first) == []
    assert driver.learners(org, batch, first, "outcome=enrolled") == []
    path = f"/msp/training/{org}/{batch}/courses"
    assert world.post(f"{path}/{first}/learners/export", driver.admin).status == 202
    assert world.get(f"{path}/01NONE/learners", driver.admin).status == 404
    driver.work()
    after = driver.rows(org, batch)
    dates = ("title", "enroll_on", "enroll_at", "due_by")
    assert {c: [row[d] for d in dates] for c, row in after.items()} == {
        c: [row[d] for d in dates] for c, row in before.items()
    }
    assert after[first]["num_enrolled"] == 1
