"""R14: what admins enter about a learner: results and due dates."""

from typing import Any

import pytest

from tests.gateway import Answer
from tests.harness import World
from tests.stories.driver import Driver


class Enrolled:
    """One learner in one course, due on the last of January."""

    def __init__(self, driver: Driver, course: str) -> None:
        self.driver, self.course = driver, course
        self.org = driver.clients(course, "Acme")[0]
        self.account, self.member = driver.world.learner(self.org)
        (self.batch,) = driver.launch(self.org, [{"course_id": course, "due_by": "2027-01-31"}])

    @property
    def path(self) -> str:
        return f"/orgs/{self.org}/members/{self.member}/enrollments/{self.enrollment['enrollment_id']}"

    @property
    def enrollment(self) -> dict[str, Any]:
        (found,) = self.driver.enrollments(self.org, self.member)
        return found

    def enter(self, body: dict[str, Any], as_: str | None = None) -> Answer:
        return self.driver.world.patch(self.path, as_ or self.driver.admin, body)

    def numbers(self) -> tuple[int, int, int]:
        row = self.driver.row(self.org, self.batch, self.course)
        return row["num_started"], row["num_completed"], row["num_overdue"]


@pytest.fixture
def enrolled(driver: Driver, course: str) -> Enrolled:
    return Enrolled(driver, course)


def test_an_admin_enters_a_result(driver: Driver, enrolled: Enrolled) -> None:
    driver.until("2027-01-20T12:00")
    answer = enrolled.enter({"result": {"completed_at": "2027-01-15", "score": 87}})
    assert answer.status == 200
    assert enrolled.enrollment == {**enrolled.enrollment, **answer.json}
    # A day without an hour is told as its last second in Berlin.
    assert (answer.json["status"], answer.json["completed_at"], answer.json["score"]) == (
        "completed", "2027-01-15T22:59:59Z", 87,
    )  # fmt: skip
    assert enrolled.numbers() == (1, 1, 0)


def test_a_result_without_a_day_is_of_now(enrolled: Enrolled) -> None:
    assert enrolled.enter({"result": {}}).json["completed_at"] == "2027-01-04T10:00:00Z"


def test_a_result_is_corrected_without_being_counted_again(driver: Driver, enrolled: Enrolled) -> None:
    driver.until("2027-01-20T12:00")
    enrolled.enter({"result": {"score": 50}})
    answer = enrolled.enter({"result": {"score": 90, "completed_at": "2027-01-10"}})
    assert (answer.json["score"], answer.json["completed_at"]) == (90, "2027-01-10T22:59:59Z")
    assert enrolled.numbers() == (1, 1, 0)


def test_a_due_date_is_moved_and_taken_away(driver: Driver, enrolled: Enrolled) -> None:
    assert enrolled.enter({"due_by": "2027-02-15"}).json["due_by"] == "2027-02-15"
    driver.until("2027-02-01T12:00")
    assert enrolled.numbers() == (0, 0, 0)
    driver.until("2027-02-16T12:00")
    assert enrolled.numbers() == (0, 0, 1)
    assert enrolled.enter({"due_by": None}).json["due_by"] is None
    assert enrolled.numbers() == (0, 0, 0)
    assert enrolled.enter({"due_by": "2027-02-10"}).json["overdue"] is True
    assert enrolled.numbers() == (0, 0, 1)
    enrolled.enter({"result": {}})
    assert enrolled.numbers() == (1, 1, 0)


def test_what_an_admin_enters_is_in_the_audit_trail(driver: Driver, enrolled: Enrolled) -> None:
    enrolled.enter({"result": {"score": 70}})
    newest = driver.world.get(f"/orgs/{enrolled.org}/audit", driver.admin).json["items"][0]
    assert (newest["action"], newest["actor"]) == ("enrollment.changed", driver.admin)
    assert newest["target"] == f"member/{enrolled.member}/course/{enrolled.course}"
    assert newest["before"]["status"] == "enrolled"
    assert newest["after"] == {"result": {"score": 70}}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"result": {"score": 101}}, "result.score"),
        ({"result": {"score": -1}}, "result.score"),
        ({"result": {"score": "87"}}, "result.score"),
        ({"result": {"completed_at": "2027-01-05"}}, "result.completed_at"),
        ({"result": {"completed_at": "1999-12-31"}}, "result.completed_at"),
        ({"result": {}, "due_by": "2027-03-01"}, "due_by"),
        ({"due_by": "2027-01-04"}, "due_by"),
        ({"due_by": "9999-12-31"}, "due_by"),
        ({"status": "completed"}, "status"),
    ],
)
def test_a_wrong_result_is_refused_with_its_field(
    driver: Driver, enrolled: Enrolled, body: dict[str, Any], field: str
) -> None:
    before = driver.everything()
    answer = enrolled.enter(body)
    assert (answer.status, [error["field"] for error in answer.json["errors"]]) == (422, [field])
    assert driver.everything() == before


def test_a_completed_course_gets_no_other_due_date(enrolled: Enrolled) -> None:
    enrolled.enter({"result": {}})
    answer = enrolled.enter({"due_by": "2027-03-01"})
    assert (answer.status, answer.json["code"]) == (409, "already_completed")


def test_an_enrollment_is_found_under_its_own_member_only(world: World, driver: Driver, enrolled: Enrolled) -> None:
    other = world.member(enrolled.org)
    for path in (
        enrolled.path.replace(f"/members/{enrolled.member}", f"/members/{other}"),
        enrolled.path.replace(enrolled.course, "01NONE"),
        enrolled.path + ".01NONE",
        enrolled.path.rsplit("/", 1)[0] + "/nonsense",
    ):
        assert world.patch(path, driver.admin, {"result": {}}).status == 404


def test_organization_admins_enter_results_too(world: World, enrolled: Enrolled) -> None:
    assert enrolled.enter({"result": {"score": 1}}, world.org_admin(enrolled.org)).status == 200


def test_department_admins_see_and_enter_results_of_their_people_only(
    world: World, driver: Driver, course: str
) -> None:
    (org,) = driver.clients(course, "Acme")
    top, other = world.department(org), world.department(org)
    below = world.department(org, parent_id=top)
    inside, outside = world.member(org, department_id=below), world.member(org, department_id=other)
    nowhere = world.member(org)
    driver.launch(org, [course])
    admin = world.org_admin(org, role="department_admin", department_ids=[top])
    for member, status in ((inside, 200), (outside, 403), (nowhere, 403)):
        (enrollment,) = driver.enrollments(org, member)
        path = f"/orgs/{org}/members/{member}/enrollments"
        assert world.get(path, admin).status == status
        answer = world.patch(f"{path}/{enrollment['enrollment_id']}", admin, {"result": {"score": 80}})
        assert answer.status == status
