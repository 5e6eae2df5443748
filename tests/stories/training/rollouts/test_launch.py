"""R9: one batch per client, an answer per client, and nothing twice."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.aws import bulk
from tests.gateway import Answer
from tests.harness import World
from tests.stories.driver import Driver

# ---------------------------------------------------------------- the answer


def test_every_client_gets_a_batch_and_a_line_in_the_answer(world: World, driver: Driver, course: str) -> None:
    orgs = driver.clients(course, "Acme Industries", "Bolt Logistics", "Cedar Clinics")
    answer = driver.send(driver.form(orgs, [course]))
    assert answer.status == 202
    batches = [result["batch_id"] for result in answer.json["results"]]
    assert answer.json == {
        "rollout_id": answer.json["rollout_id"],
        "results": [
            {"org_id": orgs[0], "name": "Acme Industries", "ok": True, "batch_id": batches[0], "error": None},
            {"org_id": orgs[1], "name": "Bolt Logistics", "ok": True, "batch_id": batches[1], "error": None},
            {"org_id": orgs[2], "name": "Cedar Clinics", "ok": True, "batch_id": batches[2], "error": None},
        ],
    }
    assert len(set(batches)) == 3


def test_25_clients_are_launched_at_once_with_the_same_courses(world: World, driver: Driver, course: str) -> None:
    other = world.course(driver.msp, "Passwords")
    orgs = [world.org(driver.msp, courses=[course, other]) for _ in range(25)]
    for org in orgs:
        world.member(org)
    batches = driver.launch(orgs, [course, other])
    for org, batch in zip(orgs, batches, strict=True):
        assert {row["status"] for row in driver.rows(org, batch).values()} == {"enrolled"}
    assert driver.dashboard()["totals"] == {"course_enrollments": 50, "completed": 50, "scheduled": 0}


def test_a_launch_is_told_in_each_client_s_audit_trail(world: World, driver: Driver, course: str) -> None:
    (org,) = driver.clients(course, "Acme")
    (batch,) = driver.launch(org, [course])
    (entry,) = world.get(f"/orgs/{org}/audit", driver.admin).json["items"]
    assert (entry["action"], entry["actor"], entry["target"]) == ("batch.launched", driver.admin, f"batch/{batch}")
    assert entry["after"]["courses"] == [course]


# ---------------------------------------------------------------- the same again


def test_the_same_submission_twice_answers_the_same_and_makes_nothing_twice(
    world: World, driver: Driver, course: str
) -> None:
    orgs = driver.clients(course, "Acme", "Bolt")
    world.members(orgs[0], 3)
    form = driver.form(orgs, [course])
    first = driver.send(form, "one key")
    driver.work()
    before = driver.everything()
    second = driver.send(form, "one key")
    assert (second.status, second.json) == (202, first.json)
    driver.work()
    assert driver.everything() == before


def test_the_same_submission_answers_the_same_for_24_hours_and_is_a_new_one_after(
    world: World, driver: Driver, course: str
) -> None:
    form = driver.form(driver.clients(course, "Acme"), [course])
    first = driver.send(form, "one key")
    world.now += timedelta(hours=23, minutes=59)
    assert driver.send(form, "one key").json == first.json
    world.now += timedelta(minutes=1)
    assert driver.send(form, "one key").json["rollout_id"] != first.json["rollout_id"]


def test_a_key_belongs_to_its_caller(world: World, driver: Driver, course: str) -> None:
    form = driver.form(driver.clients(course, "Acme"), [course])
    colleague = world.msp_admin(driver.msp)
    first, second = driver.send(form, "one key"), driver.send(form, "one key", as_=colleague)
    assert (first.status, second.status) == (202, 202)
    assert first.json["rollout_id"] != second.json["rollout_id"]


def test_another_body_under_the_same_key_is_refused(world: World, driver: Driver, course: str) -> None:
    orgs = driver.clients(course, "Acme", "Bolt")
    driver.send(driver.form(orgs[:1], [course]), "one key")
    driver.work()
    before = driver.everything()
    answer = driver.send(driver.form(orgs, [course]), "one key")
    assert (answer.status, answer.json["code"]) == (422, "key_reused")
    assert [error["field"] for error in answer.json["errors"]] == ["Idempotency-Key"]
    assert driver.everything() == before


def test_the_same_key_while_the_first_is_in_flight_is_refused(
    world: World, driver: Driver, course: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = driver.form(driver.clients(course, "Acme"), [course])
    meanwhile: list[Answer] = []
    insert_new = bulk.insert_new

    def insert_while_asked_again(*given: Any, **more: Any) -> list[str]:
        meanwhile.append(driver.send(form, "one key"))
        return insert_new(*given, **more)

    monkeypatch.setattr(bulk, "insert_new", insert_while_asked_again)
    answer = driver.send(form, "one key")
    assert [(answer.status, answer.json["code"]) for answer in meanwhile] == [(409, "in_flight")]
    assert answer.status == 202
    assert driver.send(form, "one key").json == answer.json
