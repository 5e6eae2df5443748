"""I9: courses on one's own account, and their progress offered to an organization that one has joined."""

from typing import Any

import pytest

from chalicelib.tenants.access.states import Permission
from tests.faults.invariants import problems
from tests.gateway import Answer
from tests.harness import World
from tests.stories.driver import Driver

NOBODY = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


class Person:
    """Somebody with an account, who takes a course that is open to everybody, and is a member of one client."""

    def __init__(self, driver: Driver) -> None:
        self.driver, self.world = driver, driver.world
        self.course = self.world.course(driver.msp, "Spotting Phishing", self_enroll=True)
        self.org = self.world.org(driver.msp, courses=[self.course])
        self.account = self.world.account("ann@example.com")
        self.member = ""

    def take(self, key: str = "take") -> Answer:
        return self.world.post(
            "/me/courses", self.account, {"course_id": self.course}, headers={"Idempotency-Key": key}
        )

    def joins(self) -> None:
        _, self.member = self.world.learner(self.org, account_id=self.account)

    @property
    def id(self) -> str:
        return f"own.{self.account}.{self.course}"

    def start(self) -> Answer:
        return self.world.post(f"/me/courses/{self.id}/start", self.account)

    def complete(self) -> Answer:
        return self.world.post(f"/me/courses/{self.id}/complete", self.account)

    def offer(self, org: str | None = None, key: str = "offer") -> Answer:
        body = {"org_id": org or self.org}
        return self.world.post(f"/me/courses/{self.id}/offer", self.account, body, headers={"Idempotency-Key": key})

    def offered(self) -> list[dict[str, Any]]:
        return self.world.every(f"/orgs/{self.org}/members/{self.member}/carry-over", self.driver.admin)

    def accept(self, offer: str, as_: str | None = None, key: str = "accept") -> Answer:
        path = f"/orgs/{self.org}/members/{self.member}/carry-over/{offer}/accept"
        return self.world.post(path, as_ or self.driver.admin, headers={"Idempotency-Key": key})

    def mine(self) -> list[dict[str, Any]]:
        return self.world.every("/me/courses", self.account)

    def seats_taken(self) -> int:
        return sum(int(item["taken"]) for item in self.world.dump("core") if item["sk"].startswith("SEATS#"))


@pytest.fixture
def ann(driver: Driver) -> Person:
    return Person(driver)


@pytest.fixture
def offered(ann: Person) -> str:
    """Ann has completed the course, joined, and offered it."""
    ann.take()
    ann.complete()
    ann.joins()
    return str(ann.offer().json["offer_id"])


def test_the_library_shows_the_courses_that_are_marked_for_it_of_every_msp(world: World, ann: Person) -> None:
    world.course(ann.driver.msp, "Not for everybody")
    other = world.course(world.msp("Other"), "Passwords", self_enroll=True, certificate=True)
    listed = world.every("/me/library?limit=1", ann.account)
    assert {one["course_id"]: (one["title"], one["certificate"]) for one in listed} == {
        ann.course: ("Spotting Phishing", False), other: ("Passwords", True),
    }  # fmt: skip
    (found,) = world.every("/me/library?search=pass", ann.account)
    assert found == {
        "course_id": other, "title": "Passwords", "summary": "What gives it away.", "duration_minutes": 20,
        "certificate": True, "provider": "Other",
    }  # fmt: skip


def test_a_course_is_taken_started_and_completed_without_any_organization(world: World, ann: Person) -> None:
    answer = ann.take()
    assert answer.status == 201
    assert (answer.json["enrollment_id"], answer.json["org_id"], answer.json["status"]) == (ann.id, None, "enrolled")
    assert ann.take().json == answer.json
    started = ann.start()
    assert (started.status, started.json["launch_url"]) == (200, "https://courses.example/1")
    assert ann.start().json == started.json
    completed = ann.complete()
    assert (completed.json["status"], completed.json["completed_at"]) == ("completed", "2027-01-04T10:00:00Z")
    assert ann.mine() == [completed.json]
    assert ann.seats_taken() == 0


def test_a_request_that_was_cut_off_takes_the_course_once_and_another_is_refused(world: World, ann: Person) -> None:
    first = ann.take()
    world.lose_answers()
    assert ann.take().json == first.json
    again = ann.take("another")
    assert (again.status, again.json["code"]) == (409, "already_enrolled")


@pytest.mark.parametrize("kind", ["unknown", "not open"])
def test_only_courses_of_the_library_are_taken(world: World, ann: Person, kind: str) -> None:
    course = NOBODY if kind == "unknown" else world.course(ann.driver.msp)
    refused = world.post("/me/courses", ann.account, {"course_id": course})
    assert (refused.status, refused.json["errors"][0]["code"]) == (422, "unknown_course")


def test_another_s_own_courses_are_not_there(world: World, ann: Person) -> None:
    ann.take()
    stranger = world.account()
    for action in ("start", "complete"):
        assert world.post(f"/me/courses/{ann.id}/{action}", stranger).status == 404
    assert world.post(f"/me/courses/{ann.id}/offer", stranger, {"org_id": ann.org}).status == 404
    for wrong in (f"own.{ann.account}", f"own.{ann.account}.{NOBODY}", f"own.{ann.account}.{ann.course}.{NOBODY}"):
        assert world.post(f"/me/courses/{wrong}/start", ann.account).status == 404


def test_my_courses_are_those_of_my_organizations_and_then_my_own_page_by_page(world: World, ann: Person) -> None:
    ann.joins()
    more = [world.course(ann.driver.msp, f"Course {number}", self_enroll=True) for number in range(3)]
    for course in more:
        world.post("/me/courses", ann.account, {"course_id": course})
    ann.driver.launch(ann.org, [ann.course])
    for limit in (1, 2, 3, 10):
        listed = world.every(f"/me/courses?limit={limit}", ann.account)
        assert [(one["org_id"], one["course_id"]) for one in listed] == [
            (ann.org, ann.course), *((None, course) for course in sorted(more)),
        ], limit  # fmt: skip


def test_offered_progress_is_shown_to_admins_and_becomes_an_enrollment_once_accepted(
    world: World, ann: Person, offered: str
) -> None:
    (shown,) = ann.offered()
    assert (shown["offer_id"], shown["status"], shown["completed_at"]) == (
        offered, "completed", "2027-01-04T10:00:00Z",
    )  # fmt: skip
    assert ann.driver.enrollments(ann.org, ann.member) == []
    world.now = world.now.replace(day=5)
    accepted = ann.accept(offered)
    assert (accepted.status, accepted.json["accepted_at"]) == (200, "2027-01-05T10:00:00Z")
    (there,) = ann.driver.enrollments(ann.org, ann.member)
    assert (there["status"], there["completed_at"], there["batch_id"]) == ("completed", "2027-01-04T10:00:00Z", None)
    assert (ann.offered(), ann.seats_taken()) == ([], 1)
    assert {one["org_id"]: one["carried_over_to"] for one in ann.mine()} == {ann.org: [], None: [ann.org]}
    entry = world.every(f"/orgs/{ann.org}/audit", ann.driver.admin)[0]
    assert (entry["action"], entry["target"]) == ("progress.carried_over", f"member/{ann.member}/course/{ann.course}")
    # Accepted again, by the same request or another, nothing more happens.
    before = world.dump("enrollments")
    assert ann.accept(offered).json == ann.accept(offered, key="again").json == accepted.json
    assert (world.dump("enrollments"), ann.seats_taken()) == (before, 1)
    assert problems(world) == []


def test_progress_is_carried_over_as_it_is_when_it_is_accepted(world: World, ann: Person) -> None:
    ann.take()
    ann.start()
    ann.joins()
    offer = ann.offer().json
    assert (offer["status"], offer["completed_at"]) == ("in_progress", None)
    ann.complete()
    ann.accept(offer["offer_id"])
    (there,) = ann.driver.enrollments(ann.org, ann.member)
    assert there["status"] == "completed"


def test_what_was_carried_over_in_progress_is_completed_there(world: World, ann: Person) -> None:
    ann.take()
    ann.start()
    ann.joins()
    ann.accept(ann.offer().json["offer_id"])
    (there,) = ann.driver.enrollments(ann.org, ann.member)
    assert world.post(f"/me/courses/{there['enrollment_id']}/complete", ann.account).json["status"] == "completed"
    assert problems(world) == []


def test_progress_is_offered_once_per_organization(world: World, ann: Person, offered: str) -> None:
    assert ann.offer(key="again").json["offer_id"] == offered
    ann.accept(offered)
    assert ann.offer(key="third").json["accepted_at"] is not None
    assert ann.offered() == []
    second = world.org(ann.driver.msp, "Second", courses=[ann.course])
    world.learner(second, account_id=ann.account)
    assert ann.offer(second, key="fourth").json["offer_id"] != offered


@pytest.mark.parametrize("kind", ["stranger", "archived"])
def test_progress_is_offered_to_one_s_own_organizations_only(world: World, ann: Person, kind: str) -> None:
    ann.take()
    ann.start()
    org = ann.org
    if kind == "archived":
        world.learner(org, account_id=ann.account, status="archived")
    refused = ann.offer(org)
    assert (refused.status, refused.json["errors"][0]["code"]) == (422, "not_a_member")


def test_what_was_not_begun_and_what_is_not_one_s_own_is_not_offered(world: World, ann: Person) -> None:
    ann.joins()
    ann.take()
    refused = ann.offer()
    assert (refused.status, refused.json["code"]) == (409, "not_started")
    ann.driver.launch(ann.org, [ann.course])
    there = ann.mine()[0]["enrollment_id"]
    refused = world.post(f"/me/courses/{there}/offer", ann.account, {"org_id": ann.org})
    assert (refused.status, refused.json["code"]) == (409, "not_your_own")


def test_who_holds_the_course_here_already_has_one_that_goes_by_both(world: World, ann: Person, offered: str) -> None:
    (batch,) = ann.driver.launch(ann.org, [{"course_id": ann.course, "due_by": "2027-02-01"}])
    accepted = ann.accept(offered)
    assert accepted.status == 200
    (there,) = ann.driver.enrollments(ann.org, ann.member)
    assert (there["status"], there["completed_at"], there["batch_id"], there["due_by"]) == (
        "completed", "2027-01-04T10:00:00Z", batch, "2027-02-01",
    )  # fmt: skip
    assert (ann.seats_taken(), ann.offered()) == (1, [])
    before = world.dump("enrollments")
    assert ann.accept(offered).json == ann.accept(offered, key="again").json == accepted.json
    assert world.dump("enrollments") == before
    entry = world.every(f"/orgs/{ann.org}/audit", ann.driver.admin)[0]
    assert (entry["before"], entry["after"]["status"]) == ({"status": "enrolled"}, "completed")
    assert problems(world) == []


def test_what_was_completed_here_already_completes_the_person_s_own_copy(world: World, ann: Person) -> None:
    ann.take()
    ann.start()
    ann.joins()
    offer = ann.offer().json["offer_id"]
    ann.driver.launch(ann.org, [ann.course])
    there = next(one for one in ann.mine() if one["org_id"])
    world.post(f"/me/courses/{there['enrollment_id']}/complete", ann.account)
    world.now = world.now.replace(day=6)
    assert ann.accept(offer).json["status"] == "completed"
    assert {one["completed_at"] for one in ann.mine()} == {"2027-01-04T10:00:00Z"}
    assert problems(world) == []


@pytest.mark.parametrize("carried", ["alone", "into an enrollment"])
@pytest.mark.parametrize("pressed", ["own", "there", "by an admin"])
def test_an_accepted_offer_and_the_own_copy_are_one(world: World, ann: Person, carried: str, pressed: str) -> None:
    ann.take()
    ann.start()
    ann.joins()
    if carried == "into an enrollment":
        ann.driver.launch(ann.org, [ann.course])
    ann.accept(ann.offer().json["offer_id"])
    (there,) = ann.driver.enrollments(ann.org, ann.member)
    assert there["status"] == "in_progress"
    world.now = world.now.replace(day=6)
    if pressed == "by an admin":
        path = f"/orgs/{ann.org}/members/{ann.member}/enrollments/{there['enrollment_id']}"
        answers = [world.patch(path, ann.driver.admin, {"result": {"score": 80}}) for _ in range(2)]
    else:
        id_ = ann.id if pressed == "own" else there["enrollment_id"]
        answers = [world.post(f"/me/courses/{id_}/complete", ann.account) for _ in range(2)]
    assert answers[0].status == 200
    assert answers[0].json == answers[1].json
    score = 80 if pressed == "by an admin" else None
    assert [(one["status"], one["completed_at"], one["score"]) for one in ann.mine()] == [
        ("completed", "2027-01-06T10:00:00Z", score)
    ] * 2
    assert problems(world) == []


def test_a_result_that_an_admin_corrects_is_that_of_the_own_copy_too(world: World, ann: Person, offered: str) -> None:
    ann.accept(offered)
    (there,) = ann.driver.enrollments(ann.org, ann.member)
    path = f"/orgs/{ann.org}/members/{ann.member}/enrollments/{there['enrollment_id']}"
    assert world.patch(path, ann.driver.admin, {"result": {"score": 91}}).status == 200
    assert [one["score"] for one in ann.mine()] == [91, 91]


def test_what_was_cancelled_or_enrolled_anew_is_not_one_with_the_own_copy(world: World, ann: Person) -> None:
    ann.take()
    ann.start()
    ann.joins()
    ann.accept(ann.offer().json["offer_id"])
    (there,) = ann.driver.enrollments(ann.org, ann.member)
    path = f"/orgs/{ann.org}/members/{ann.member}/enrollments/{there['enrollment_id']}"
    assert world.delete(path, ann.driver.admin).status == 204
    ann.driver.launch(ann.org, [ann.course])
    assert ann.complete().json["status"] == "completed"
    found = ann.driver.enrollments(ann.org, ann.member)
    assert {(one["status"], one["earlier"]) for one in found} == {("enrolled", False), ("cancelled", True)}
    assert problems(world) == []


def test_several_organizations_and_twins_that_are_one_are_completed_together(world: World, ann: Person) -> None:
    """Two courses of one's own, both accepted by two clients into the same enrollment of each: a circle."""
    twin = world.course(world.msp("Other"), "Spotting Phishing", self_enroll=True)
    second = world.org(ann.driver.msp, "Second", courses=[ann.course])
    orgs = {ann.org: world.learner(ann.org, account_id=ann.account)[1]}
    orgs[second] = world.learner(second, account_id=ann.account)[1]
    world.post("/me/courses", ann.account, {"course_id": twin})
    ann.take()
    copies = [ann.id, f"own.{ann.account}.{twin}"]
    for copy in copies:
        world.post(f"/me/courses/{copy}/start", ann.account)
        for org, member in orgs.items():
            offer = world.post(f"/me/courses/{copy}/offer", ann.account, {"org_id": org}).json["offer_id"]
            path = f"/orgs/{org}/members/{member}/carry-over/{offer}/accept"
            assert world.post(path, ann.driver.admin).status == 200
    assert world.post(f"/me/courses/{copies[1]}/complete", ann.account).status == 200
    assert [one["status"] for one in ann.mine()] == ["completed"] * 4
    assert ann.seats_taken() == 2
    assert problems(world) == []


@pytest.mark.parametrize("same", ["title", "link"])
def test_the_twin_of_a_course_in_another_msp_s_library_is_offered(world: World, ann: Person, same: str) -> None:
    ann.take()
    ann.start()
    other = world.msp("Other")
    world.course(other, "Passwords", launch_url="https://courses.example/other")
    twin = (
        world.course(other, "spotting  PHISHING", launch_url="https://courses.example/elsewhere")
        if same == "title"
        else world.course(other, "Phishing for you")
    )
    org = world.org(other, courses=[twin])
    _, member = world.learner(org, account_id=ann.account)
    admin = world.msp_admin(other)
    offered = ann.offer(org)
    assert (offered.status, offered.json["course_id"], offered.json["provider"]) == (200, twin, "Northwind Managed IT")
    assert ann.offer(org, key="again").json == offered.json
    (shown,) = world.every(f"/orgs/{org}/members/{member}/carry-over", admin)
    assert shown == offered.json
    path = f"/orgs/{org}/members/{member}/carry-over/{shown['offer_id']}/accept"
    assert world.post(path, admin).status == 200
    assert ann.complete().status == 200
    assert {(one["org_id"], one["course_id"], one["status"]) for one in ann.mine()} == {
        (org, twin, "completed"), (None, ann.course, "completed"),
    }  # fmt: skip
    assert problems(world) == []


def test_a_course_that_the_organization_s_msp_does_not_have_is_not_offered(world: World, ann: Person) -> None:
    ann.take()
    ann.start()
    other = world.msp("Other")
    org = world.org(other, courses=[world.course(other, "Passwords", launch_url="https://courses.example/other")])
    world.learner(org, account_id=ann.account)
    refused = ann.offer(org)
    assert refused.status == 422, refused.text
    assert refused.json["errors"][0]["code"] == "no_such_course"


def test_an_enrollment_that_was_cancelled_gives_way_to_progress(world: World, ann: Person, offered: str) -> None:
    (batch,) = ann.driver.launch(ann.org, [ann.course])
    world.post(f"/msp/training/{ann.org}/{batch}/undo", ann.driver.admin)
    ann.driver.work()
    assert ann.accept(offered).status == 200
    found = ann.driver.enrollments(ann.org, ann.member)
    assert {(one["status"], one["earlier"]) for one in found} == {("completed", False), ("cancelled", True)}
    assert problems(world) == []


def test_accepting_needs_access_to_the_course_and_a_seat(world: World, ann: Person, offered: str) -> None:
    path, admin = f"/msp/organizations/{ann.org}/training-access", ann.driver.admin
    body = {"course_ids": [ann.course], "reply_to": "training@acme.example", "seats": {ann.course: 1}}
    world.delete(path, admin)
    refused = ann.accept(offered)
    assert (refused.status, refused.json["code"]) == (409, "access_denied")
    world.put(path, admin, body)
    group = world.group(ann.org)
    world.member(ann.org, [group])
    ann.driver.launch(ann.org, [ann.course], targeting={"mode": "groups", "group_ids": [group]})
    refused = ann.accept(offered, key="again")
    assert (refused.status, refused.json["code"]) == (409, "no_seat")
    assert ann.seats_taken() == 1
    world.put(path, admin, {**body, "seats": {ann.course: 2}})
    assert ann.accept(offered, key="third").status == 200
    assert problems(world) == []


def test_who_was_archived_meanwhile_is_not_given_an_enrollment(world: World, ann: Person, offered: str) -> None:
    world.post(f"/orgs/{ann.org}/members/{ann.member}/archive", ann.driver.admin)
    refused = ann.accept(offered)
    assert (refused.status, refused.json["code"]) == (409, "not_active")


def test_offers_are_for_who_may_enter_results(world: World, ann: Person, offered: str) -> None:
    path = f"/orgs/{ann.org}/members/{ann.member}/carry-over"
    reader = world.org_admin(ann.org, role="custom", permissions=[Permission.TRAINING_READ.value])
    assert (world.get(path, reader).status, ann.accept(offered, reader).status) == (403, 403)
    department = world.department(ann.org)
    elsewhere = world.org_admin(ann.org, role="department_admin", department_ids=[department])
    assert ann.accept(offered, elsewhere).status == 403
    assert ann.accept(NOBODY).status == 404
    assert world.get(f"/orgs/{ann.org}/members/{NOBODY}/carry-over", ann.driver.admin).status == 404
