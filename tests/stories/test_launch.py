"""R9: one batch per client, an answer per client, and nothing twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.aws import bulk
from chalicelib.aws.queues import Queue
from chalicelib.core.errors import Unavailable
from tests.gateway import Answer
from tests.harness import World
from tests.stories.driver import Driver, refused


@pytest.fixture
def driver(world: World) -> Driver:
    return Driver(world)


@pytest.fixture
def course(world: World, driver: Driver) -> str:
    return world.course(driver.msp)


def _clients(driver: Driver, course: str, *names: str) -> list[str]:
    return [driver.world.org(driver.msp, name, courses=[course]) for name in names]


def _dump(world: World) -> dict[str, Any]:
    return {short: world.dump(short) for short in ("core", "enrollments", "outbox")}


@contextmanager
def _dying() -> Iterator[None]:
    """Let the process break once the launch is saved and before anything is done about it."""

    def die(*_: Any, **__: Any) -> list[str]:
        raise RuntimeError("the process ended here")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "insert_new", die)
        yield


def _result(org: str, name: str, answer: Answer) -> dict[str, Any]:
    return next(result for result in answer.json["results"] if (result["org_id"], result["name"]) == (org, name))


# ---------------------------------------------------------------- the answer


def test_every_client_gets_a_batch_and_a_line_in_the_answer(world: World, driver: Driver, course: str) -> None:
    orgs = _clients(driver, course, "Acme Industries", "Bolt Logistics", "Cedar Clinics")
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
    (org,) = _clients(driver, course, "Acme")
    (batch,) = driver.launch(org, [course])
    (entry,) = world.get(f"/orgs/{org}/audit", driver.admin).json["items"]
    assert (entry["action"], entry["actor"], entry["target"]) == ("batch.launched", driver.admin, f"batch/{batch}")
    assert entry["after"]["courses"] == [course]


# ---------------------------------------------------------------- the same again


def test_the_same_submission_twice_answers_the_same_and_makes_nothing_twice(
    world: World, driver: Driver, course: str
) -> None:
    orgs = _clients(driver, course, "Acme", "Bolt")
    world.members(orgs[0], 3)
    form = driver.form(orgs, [course])
    first = driver.send(form, "one key")
    driver.work()
    before = _dump(world)
    second = driver.send(form, "one key")
    assert (second.status, second.json) == (202, first.json)
    driver.work()
    assert _dump(world) == before


def test_the_same_submission_answers_the_same_for_24_hours_and_is_a_new_one_after(
    world: World, driver: Driver, course: str
) -> None:
    form = driver.form(_clients(driver, course, "Acme"), [course])
    first = driver.send(form, "one key")
    world.now += timedelta(hours=23, minutes=59)
    assert driver.send(form, "one key").json == first.json
    world.now += timedelta(minutes=1)
    assert driver.send(form, "one key").json["rollout_id"] != first.json["rollout_id"]


def test_a_key_belongs_to_its_caller(world: World, driver: Driver, course: str) -> None:
    form = driver.form(_clients(driver, course, "Acme"), [course])
    colleague = world.msp_admin(driver.msp)
    first, second = driver.send(form, "one key"), driver.send(form, "one key", as_=colleague)
    assert (first.status, second.status) == (202, 202)
    assert first.json["rollout_id"] != second.json["rollout_id"]


def test_another_body_under_the_same_key_is_refused(world: World, driver: Driver, course: str) -> None:
    orgs = _clients(driver, course, "Acme", "Bolt")
    driver.send(driver.form(orgs[:1], [course]), "one key")
    driver.work()
    before = _dump(world)
    answer = driver.send(driver.form(orgs, [course]), "one key")
    assert (answer.status, answer.json["code"]) == (422, "key_reused")
    assert [error["field"] for error in answer.json["errors"]] == ["Idempotency-Key"]
    assert _dump(world) == before


def test_the_same_key_while_the_first_is_in_flight_is_refused(
    world: World, driver: Driver, course: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = driver.form(_clients(driver, course, "Acme"), [course])
    meanwhile: list[Answer] = []
    insert_new = bulk.insert_new

    def insert_while_asked_again(*given: Any, **more: Any) -> list[str]:
        meanwhile.append(driver.send(form, "one key"))
        return insert_new(*given, **more)

    monkeypatch.setattr(bulk, "insert_new", insert_while_asked_again)
    answer = driver.send(form, "one key")
    assert [(one.status, one.json["code"]) for one in meanwhile] == [(409, "in_flight")]
    assert answer.status == 202
    assert driver.send(form, "one key").json == answer.json


# ---------------------------------------------------------------- interrupted


def test_the_same_request_carries_on_with_a_launch_whose_process_died(
    world: World, driver: Driver, course: str
) -> None:
    (org,) = _clients(driver, course, "Acme")
    member = world.member(org)
    form = driver.form([org], [course])
    with _dying():
        broken = driver.send(form, "one key")
    assert (broken.status, broken.json["code"]) == (500, "internal_error")
    assert driver.send(form, "one key").status == 409
    world.now += timedelta(minutes=1)
    answer = driver.send(form, "one key")
    assert answer.status == 202
    driver.work()
    rollouts = world.get("/msp/rollouts", driver.admin).json["items"]
    assert [rollout["rollout_id"] for rollout in rollouts] == [answer.json["rollout_id"]]
    assert driver.enrolled(org, course) == {member}


def test_the_sweep_carries_on_with_a_launch_whose_process_died(world: World, driver: Driver, course: str) -> None:
    (org,) = _clients(driver, course, "Acme")
    member = world.member(org)
    form = driver.form([org], [course])
    with _dying():
        driver.send(form, "one key")
    assert driver.sweep() == 0
    driver.past_grace()
    driver.sweep()
    assert driver.enrolled(org, course) == {member}
    (rollout,) = world.get("/msp/rollouts", driver.admin).json["items"]
    assert (rollout["state"], rollout["num_ok"]) == ("launched", 1)
    # Who asks again gets the answer of the launch that the sweep ended.
    assert driver.send(form, "one key").json["results"][0]["ok"] is True
    assert not [item for item in world.dump("outbox") if item["pk"].startswith("DUE#")]


def test_jobs_that_could_not_be_queued_are_queued_by_the_sweep(
    world: World, driver: Driver, course: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (org,) = _clients(driver, course, "Acme")
    member = world.member(org)

    def fail(*_: Any) -> None:
        raise Unavailable()

    with monkeypatch.context() as patch:
        patch.setattr(Queue, "send", fail)
        assert driver.send(driver.form([org], [course])).status == 202
    assert driver.work() == 0
    driver.past_grace()
    driver.sweep()
    assert driver.enrolled(org, course) == {member}


# ---------------------------------------------------------------- one client fails alone


def test_a_client_whose_batch_cannot_be_written_fails_alone(world: World, driver: Driver, course: str) -> None:
    acme, bolt = _clients(driver, course, "Acme", "Bolt")
    world.member(bolt)
    with refused(acme):
        answer = driver.send(driver.form([acme, bolt], [course]))
    driver.work()
    assert answer.status == 202
    failed = _result(acme, "Acme", answer)
    assert (failed["ok"], failed["batch_id"], failed["error"]["code"]) == (False, None, "write_failed")
    assert failed["error"]["detail"].endswith("Retry this client from the rollout.")
    assert _result(bolt, "Bolt", answer)["ok"] is True
    rows = world.get("/msp/training", driver.admin).json["items"]
    assert {row["name"]: row["num_batches"] for row in rows} == {"Acme": 0, "Bolt": 1}


def test_a_client_that_failed_is_launched_again_and_the_others_are_left_alone(
    world: World, driver: Driver, course: str
) -> None:
    acme, bolt = _clients(driver, course, "Acme", "Bolt")
    member = world.member(acme)
    with refused(acme):
        first = driver.send(driver.form([acme, bolt], [course]))
    driver.work()
    path = f"/msp/rollouts/{first.json['rollout_id']}/retry"
    again = world.post(path, driver.admin, {"org_ids": [acme]}, headers={"Idempotency-Key": "again"})
    driver.work()
    assert again.status == 202
    assert _result(acme, "Acme", again)["ok"] is True
    assert _result(bolt, "Bolt", again) == _result(bolt, "Bolt", first)
    assert driver.enrolled(acme, course) == {member}
    assert [row["num_batches"] for row in driver.dashboard()["items"]] == [1, 1]
    # The same again answers the same; a client that did not fail cannot be launched again.
    repeated = world.post(path, driver.admin, {"org_ids": [acme]}, headers={"Idempotency-Key": "again"})
    assert repeated.json == again.json
    refusal = world.post(path, driver.admin, {"org_ids": [acme, bolt]}, headers={"Idempotency-Key": "more"})
    assert refusal.status == 422
    assert [error["field"] for error in refusal.json["errors"]] == ["org_ids.0", "org_ids.1"]


@pytest.mark.parametrize("names", [["Acme"], ["Acme", "Bolt"]])
def test_a_client_that_is_not_ready_any_more_fails_when_launched_again(
    world: World, driver: Driver, course: str, names: list[str]
) -> None:
    orgs = _clients(driver, course, *names)
    with refused(orgs[0]):
        first = driver.send(driver.form(orgs, [course]))
    world.delete(f"/msp/organizations/{orgs[0]}/training-access", driver.admin)
    path = f"/msp/rollouts/{first.json['rollout_id']}/retry"
    again = world.post(path, driver.admin, {"org_ids": orgs[:1]}, headers={"Idempotency-Key": "again"})
    assert _result(orgs[0], "Acme", again)["error"]["code"] == "org_not_ready"
    assert world.get(f"/msp/training/{orgs[0]}", driver.admin).json["items"] == []
