"""R14 and L1: who was enrolled and who was not, and why; starting, completing, results that admins enter."""

from typing import Any

import pytest

from chalicelib.training.batches.explanations import explain
from tests.gateway import Answer
from tests.harness import World
from tests.stories.driver import Driver, refused


@pytest.fixture
def org(driver: Driver, course: str) -> str:
    return driver.clients(course, "Acme")[0]


def _numbers(row: dict[str, Any]) -> tuple[int, int, int]:
    return row["num_started"], row["num_completed"], row["num_overdue"]


def _mine(world: World, account: str) -> dict[str, Any]:
    (own,) = world.get("/me/courses", account).json["items"]
    return dict(own)


def _complete(world: World, account: str) -> Answer:
    return world.post(f"/me/courses/{_mine(world, account)['enrollment_id']}/complete", account)


# ---------------------------------------------------------------- learners of a row, by outcome


def test_learners_are_listed_with_outcome_code_sentence_and_next_step(
    world: World, driver: Driver, course: str, org: str
) -> None:
    holder = world.member(org, first_name="Hal", last_name="Holt", email="hal@example.com")
    driver.launch(org, [course])
    done_account, done = world.learner(org)
    driver.launch(org, [course])
    _complete(world, done_account)
    failing, fresh = world.member(org), world.member(org)
    with refused(failing):
        (batch,) = driver.launch(org, [{"course_id": course, "due_by": "2027-01-31"}])
    learners = {one["member_id"]: one for one in driver.learners(org, batch, course)}
    unknown = {"status": None, "overdue": False, "due_by": None, "started_at": None, "completed_at": None}
    expected = {
        **unknown, "member_id": holder, "name": "Hal Holt", "email": "hal@example.com",
        "outcome": "already_enrolled", "code": "already_enrolled", "next_step": "Nothing to do.",
        "sentence": explain("already_enrolled").sentence,
    }  # fmt: skip
    assert {name: learners[holder][name] for name in expected} == expected
    assert (learners[done]["outcome"], learners[done]["code"]) == ("already_completed", "already_completed")
    assert learners[done]["next_step"].endswith("include people who completed it.")
    assert (learners[failing]["outcome"], learners[failing]["code"]) == ("failed", "write_rejected")
    assert learners[failing]["sentence"] == "This learner's enrollment couldn't be saved."
    assert learners[failing]["next_step"].startswith("Choose Retry")
    assert (learners[fresh]["outcome"], learners[fresh]["code"]) == ("enrolled", None)
    assert (learners[fresh]["status"], learners[fresh]["due_by"]) == ("enrolled", "2027-01-31")
    assert learners[fresh]["sentence"] == "Enrolled by this batch."
    row = driver.row(org, batch, course)
    assert (row["status"], row["num_targeted"]) == ("partial", 4)
    assert (row["num_enrolled"], row["num_already_enrolled"], row["num_skipped"], row["num_failed"]) == (1, 1, 1, 1)


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_learners_come_in_pages_each_once_and_filtered_by_outcome(
    world: World, driver: Driver, course: str, org: str, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr("chalicelib.training.batches.recipients.partition_of.__defaults__", (3,))
    holders = set(world.members(org, 4))
    driver.launch(org, [course])
    failing = set(world.members(org, 3))
    fresh = set(world.members(org, 4))
    with refused(*failing):
        (batch,) = driver.launch(org, [course])
    everybody = driver.learners(org, batch, course, f"limit={limit}")
    assert len(everybody) == 11
    assert {one["member_id"] for one in everybody} == holders | failing | fresh
    wanted = {"already_enrolled": holders, "failed": failing, "enrolled": fresh, "already_completed": set()}
    for outcome, members in wanted.items():
        some = driver.learners(org, batch, course, f"outcome={outcome}&limit={limit}")
        assert [one["outcome"] for one in some] == [outcome] * len(members)
        assert {one["member_id"] for one in some} == members


def test_an_outcome_that_there_is_not_is_refused(driver: Driver, course: str, org: str) -> None:
    (batch,) = driver.launch(org, [course])
    path = f"/msp/training/{org}/{batch}/courses/{course}/learners"
    answer = driver.world.get(f"{path}?outcome=lost", driver.admin)
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "outcome")
    assert driver.world.get(path.replace(course, "01NONE"), driver.admin).status == 404


# ---------------------------------------------------------------- a learner's own courses


def test_a_learner_starts_and_completes_a_course(world: World, driver: Driver, org: str) -> None:
    course = world.course(driver.msp, "Passwords", launch_url="https://courses.example/passwords")
    org = world.org(driver.msp, courses=[course])
    account, member = world.learner(org)
    (batch,) = driver.launch(org, [{"course_id": course, "due_by": "2027-01-31"}])
    own = _mine(world, account)
    expected = {
        "enrollment_id": own["enrollment_id"], "org_id": org, "course_id": course, "title": "Passwords",
        "status": "enrolled", "overdue": False, "due_by": "2027-01-31", "enrolled_at": "2027-01-04T10:00:00Z",
        "started_at": None, "completed_at": None, "score": None, "batch_id": batch, "earlier": False,
    }  # fmt: skip
    assert {name: own[name] for name in expected} == expected
    path = f"/me/courses/{own['enrollment_id']}"
    assert _numbers(driver.row(org, batch, course)) == (0, 0, 0)
    driver.until("2027-01-05T10:00")
    started = world.post(f"{path}/start", account)
    assert (started.status, started.json["launch_url"]) == (200, "https://courses.example/passwords")
    assert started.json["enrollment"] == {**own, "status": "in_progress", "started_at": "2027-01-05T10:00:00Z"}
    assert _numbers(driver.row(org, batch, course)) == (1, 0, 0)
    driver.until("2027-01-06T10:00")
    completed = world.post(f"{path}/complete", account)
    assert completed.json == {
        **started.json["enrollment"], "status": "completed", "completed_at": "2027-01-06T10:00:00Z",
    }  # fmt: skip
    assert _numbers(driver.row(org, batch, course)) == (1, 1, 0)
    (line,) = driver.learners(org, batch, course)
    assert (line["member_id"], line["outcome"], line["status"]) == (member, "enrolled", "completed")


def test_starting_and_completing_twice_changes_and_counts_nothing_more(
    world: World, driver: Driver, course: str, org: str
) -> None:
    account, _ = world.learner(org)
    (batch,) = driver.launch(org, [course])
    path = f"/me/courses/{_mine(world, account)['enrollment_id']}"
    for action in ("start", "complete"):
        first = world.post(f"{path}/{action}", account)
        before = driver.everything()
        driver.until("2027-01-09T10:00")
        second = world.post(f"{path}/{action}", account)
        assert (second.status, second.json) == (200, first.json)
        assert driver.everything() == before
    # Starting what is completed leaves it completed, and answers the link again.
    again = world.post(f"{path}/start", account)
    assert (again.status, again.json["enrollment"]["status"]) == (200, "completed")
    assert again.json["launch_url"]
    assert _numbers(driver.row(org, batch, course)) == (1, 1, 0)


def test_completing_what_was_not_started_counts_as_started_too(
    world: World, driver: Driver, course: str, org: str
) -> None:
    account, _ = world.learner(org)
    (batch,) = driver.launch(org, [course])
    _complete(world, account)
    assert _numbers(driver.row(org, batch, course)) == (1, 1, 0)


def test_my_courses_are_those_of_all_my_organizations(world: World, driver: Driver, course: str) -> None:
    more = [world.course(driver.msp) for _ in range(2)]
    orgs = [world.org(driver.msp, courses=[course, *more]) for _ in range(3)]
    account = world.account()
    for org in orgs:
        world.learner(org, account_id=account)
    driver.launch(orgs, [course, *more])
    for limit in (1, 2, 4, 50):
        found = world.every(f"/me/courses?limit={limit}", account)
        assert sorted((one["org_id"], one["course_id"]) for one in found) == sorted(
            (org, one) for org in orgs for one in (course, *more)
        )
    assert world.get("/me/courses", world.account()).json == {"items": [], "next_cursor": None}


# ---------------------------------------------------------------- overdue


def test_learners_are_overdue_from_the_midnight_that_closes_the_due_date(world: World, driver: Driver) -> None:
    course = world.course(driver.msp)
    org = world.org(driver.msp, courses=[course], time_zone="America/St_Johns")
    account, late = world.learner(org)
    done_account, _ = world.learner(org)
    (batch,) = driver.launch(org, [{"course_id": course, "due_by": "2027-01-31"}])
    _complete(world, done_account)
    driver.until("2027-02-01T03:29")
    assert driver.row(org, batch, course)["num_overdue"] == 0
    assert _mine(world, account)["overdue"] is False
    driver.until("2027-02-01T03:30")
    assert _numbers(driver.row(org, batch, course)) == (1, 1, 1)
    assert _mine(world, account)["overdue"] is True
    assert [one["member_id"] for one in driver.learners(org, batch, course) if one["overdue"]] == [late]
    _complete(world, account)
    assert _numbers(driver.row(org, batch, course)) == (2, 2, 0)
    assert _mine(world, account)["overdue"] is False


def test_who_was_enrolled_already_counts_where_they_were_enrolled(
    world: World, driver: Driver, course: str, org: str
) -> None:
    account, _ = world.learner(org)
    (first,) = driver.launch(org, [{"course_id": course, "due_by": "2027-01-31"}])
    (second,) = driver.launch(org, [{"course_id": course, "due_by": "2027-06-30"}])
    assert _mine(world, account)["due_by"] == "2027-01-31"
    _complete(world, account)
    assert _numbers(driver.row(org, first, course)) == (1, 1, 0)
    row = driver.row(org, second, course)
    assert (row["status"], row["num_enrolled"], row["num_already_enrolled"]) == ("enrolled", 0, 1)
    assert _numbers(row) == (0, 0, 0)


# ---------------------------------------------------------------- taken again


def test_who_completed_is_skipped_unless_the_launch_enrolls_them_again(
    world: World, driver: Driver, course: str, org: str
) -> None:
    account, member = world.learner(org)
    (first,) = driver.launch(org, [course], name="First")
    _complete(world, account)
    driver.until("2027-06-01T10:00")
    (skipping,) = driver.launch(org, [course], name="Skipping")
    row = driver.row(org, skipping, course)
    assert (row["status"], row["num_enrolled"], row["num_skipped"]) == ("enrolled", 0, 1)
    assert _mine(world, account)["batch_id"] == first
    (again,) = driver.launch(org, [course], name="Again", reenroll_completed=True)
    assert driver.row(org, again, course)["num_enrolled"] == 1
    # The old enrollment is history: visible to admin and learner, and still counted where it was made.
    for found in (driver.enrollments(org, member), world.get("/me/courses", account).json["items"]):
        enrollments = [(one["batch_id"], one["status"], one["earlier"]) for one in found]
        assert enrollments == [(again, "enrolled", False), (first, "completed", True)]
    assert _numbers(driver.row(org, first, course)) == (1, 1, 0)
    (line,) = driver.learners(org, first, course)
    assert (line["member_id"], line["status"]) == (member, "completed")
    (line,) = driver.learners(org, again, course)
    assert (line["member_id"], line["status"]) == (member, "enrolled")


def test_history_can_be_neither_started_nor_completed_nor_changed(
    world: World, driver: Driver, course: str, org: str
) -> None:
    account, member = world.learner(org)
    driver.launch(org, [course])
    _complete(world, account)
    driver.launch(org, [course], reenroll_completed=True)
    (earlier,) = [one["enrollment_id"] for one in driver.enrollments(org, member) if one["earlier"]]
    for action in ("start", "complete"):
        answer = world.post(f"/me/courses/{earlier}/{action}", account)
        assert (answer.status, answer.json["code"]) == (409, "superseded")
    path = f"/orgs/{org}/members/{member}/enrollments/{earlier}"
    assert world.patch(path, driver.admin, {"result": {"score": 1}}).status == 409
