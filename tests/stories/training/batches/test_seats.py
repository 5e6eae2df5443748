"""Seats: taken with every enrollment, freed by undo, and never more than there are, whatever runs at the same time."""

from typing import Any

import pytest

from chalicelib.tenants.organizations.seat_store import seats_taken
from chalicelib.training.batches import enrollment_store, recipients
from tests.stories.driver import Driver


@pytest.fixture
def org(driver: Driver, course: str) -> str:
    return driver.clients(course, "Acme Industries")[0]


def give_seats(driver: Driver, org: str, course: str, number: int | None) -> Any:
    seats = {} if number is None else {course: number}
    access = {"course_ids": [course], "reply_to": "training@acme.example", "seats": seats}
    return driver.world.put(f"/msp/organizations/{org}/training-access", driver.admin, access)


def no_seat(driver: Driver, org: str, batch: str, course: str) -> list[str]:
    found = driver.learners(org, batch, course, "outcome=failed")
    assert {learner["code"] for learner in found} <= {"no_seat"}
    return [learner["member_id"] for learner in found]


def test_who_finds_no_seat_fails_with_the_next_step_and_retry_enrolls_them_later(
    driver: Driver, org: str, course: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipients.partition_of, "__defaults__", (2,))
    give_seats(driver, org, course, 3)
    members = driver.world.members(org, 5)

    [batch] = driver.launch(org, [course])

    row = driver.row(org, batch, course)
    assert (row["status"], row["num_enrolled"], row["num_failed"]) == ("partial", 3, 2)
    assert no_seat(driver, org, batch, course) == members[3:]
    assert "seats" in driver.learners(org, batch, course, "outcome=failed")[0]["next_step"]
    assert give_seats(driver, org, course, 4).status == 200
    driver.retry(org, batch, course, "first")
    driver.work()
    assert no_seat(driver, org, batch, course) == members[4:]
    give_seats(driver, org, course, None)
    driver.retry(org, batch, course, "second")
    driver.work()
    assert driver.row(org, batch, course)["status"] == "enrolled"
    assert seats_taken(org, course) == 5


def test_who_is_enrolled_already_needs_no_seat(driver: Driver, org: str, course: str) -> None:
    driver.world.members(org, 2)
    driver.launch(org, [course])
    give_seats(driver, org, course, 3)
    driver.world.members(org, 2)
    [batch] = driver.launch(org, [course])
    row = driver.row(org, batch, course)
    assert (row["num_enrolled"], row["num_already_enrolled"], row["num_failed"]) == (1, 2, 1)
    assert seats_taken(org, course) == 3


def test_an_undo_frees_the_seats(driver: Driver, org: str, course: str) -> None:
    give_seats(driver, org, course, 2)
    account, started = driver.world.learner(org)
    driver.world.members(org, 1)
    [batch] = driver.launch(org, [course])
    driver.world.post(f"/me/courses/{org}.{started}.{course}/start", account)
    driver.world.post(f"/msp/training/{org}/{batch}/undo", driver.admin)
    driver.work()
    assert seats_taken(org, course) == 1


def test_fewer_seats_than_are_taken_are_refused(driver: Driver, org: str, course: str) -> None:
    driver.world.members(org, 3)
    driver.launch(org, [course])
    answer = give_seats(driver, org, course, 2)
    assert answer.status == 422
    assert [(error["field"], error["code"]) for error in answer.json["errors"]] == [
        (f"seats.{course}", "fewer_than_taken")
    ]
    assert give_seats(driver, org, course, 3).status == 200


@pytest.mark.parametrize("when", range(6))
def test_two_launches_for_the_last_seat_give_it_to_one(
    driver: Driver, org: str, course: str, monkeypatch: pytest.MonkeyPatch, when: int
) -> None:
    """The second chunk runs in the middle of the first, at each of its steps."""
    give_seats(driver, org, course, 1)
    group, other = driver.world.group(org), driver.world.group(org)
    driver.world.members(org, 1, groups=[group])
    driver.world.members(org, 1, groups=[other])
    for each in (group, other):
        driver.send(driver.form([org], [course], targeting={"mode": "groups", "group_ids": [each]}))
    driver.deliver(driver.world.messages())
    first, second = driver.world.messages()
    steps = [
        (enrollment_store, "insert_enrollments"),
        (recipients, "member_ids"),
        ("chalicelib.training.batches.seats", "reserve"),
        ("chalicelib.training.batches.chunk_store", "reserve_seats"),
        ("chalicelib.training.batches.chunk_store", "finish_chunk"),
        ("chalicelib.training.batches.chunk_store", "mark_started"),
    ]
    module, name = steps[when]
    if isinstance(module, str):
        module = __import__(module, fromlist=[name])
    step, entered = getattr(module, name), []

    def interrupted(*args: Any, **more: Any) -> Any:
        if not entered:
            entered.append(True)
            driver.deliver([second])
        return step(*args, **more)

    monkeypatch.setattr(module, name, interrupted)
    if name == "member_ids":
        monkeypatch.setattr("chalicelib.training.batches.enroll_chunk.member_ids", interrupted)
    driver.deliver([first])
    driver.deliver([first, second])

    assert entered
    assert len(driver.enrolled(org, course)) == 1
    assert seats_taken(org, course) == 1


def test_a_chunk_that_was_killed_gives_back_the_seats_it_did_not_use(
    driver: Driver, org: str, course: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_seats(driver, org, course, 3)
    members = driver.world.members(org, 4)
    driver.send(driver.form([org], [course]))
    driver.deliver(driver.world.messages())
    [chunk] = driver.world.messages()
    insert = enrollment_store.insert_enrollments

    class Killed(BaseException):
        pass

    def insert_one_and_die(run: Any, member_ids: Any) -> Any:
        insert(run, member_ids[:1])
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(enrollment_store, "insert_enrollments", insert_one_and_die)
        with pytest.raises(Killed):
            driver.deliver([chunk])
    assert seats_taken(org, course) == 3
    driver.deliver([chunk])
    assert driver.enrolled(org, course) == set(members[:3])
    assert seats_taken(org, course) == 3


def test_who_needs_no_seat_holds_none_while_others_wait(
    driver: Driver, org: str, course: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The chunk of those who are enrolled already is interrupted by the chunk of the new ones."""
    monkeypatch.setattr(recipients.partition_of, "__defaults__", (2,))
    driver.world.members(org, 2)
    driver.launch(org, [course])
    give_seats(driver, org, course, 4)
    new = driver.world.members(org, 2)
    driver.send(driver.form([org], [course]))
    driver.deliver(driver.world.messages())
    first, second = sorted(driver.world.messages(), key=lambda message: message["chunk"])
    insert, entered = enrollment_store.insert_enrollments, []

    def interrupted(*args: Any) -> Any:
        if not entered:
            entered.append(True)
            driver.deliver([second])
        return insert(*args)

    monkeypatch.setattr(enrollment_store, "insert_enrollments", interrupted)
    driver.deliver([first])
    assert set(new) <= driver.enrolled(org, course)
    assert seats_taken(org, course) == 4


def test_a_course_that_was_taken_away_enrolls_nobody_more(
    driver: Driver, org: str, course: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipients.partition_of, "__defaults__", (2,))
    driver.world.members(org, 3)
    batch = driver.send(driver.form([org], [course])).json["results"][0]["batch_id"]
    driver.deliver(driver.world.messages())
    first, second = sorted(driver.world.messages(), key=lambda message: message["chunk"])
    driver.deliver([first])
    driver.world.delete(f"/msp/organizations/{org}/training-access", driver.admin)
    driver.deliver([second])
    [refused] = driver.learners(org, batch, course, "outcome=failed")
    assert refused["code"] == "access_denied"
    assert seats_taken(org, course) == 2
