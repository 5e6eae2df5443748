"""R9: a launch that breaks in the middle is finished later, and one client's failure never stops another's."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.aws import bulk
from chalicelib.aws.queues import Queue
from chalicelib.core.errors import Unavailable
from tests.harness import World
from tests.stories.driver import Driver, refused, result_of


@contextmanager
def _dying(*, after_the_batches: bool = False) -> Iterator[None]:
    """Let the process break once the launch is saved, before or after the batches are written."""
    insert_new = bulk.insert_new

    def die(*given: Any, **more: Any) -> list[str]:
        if after_the_batches:
            insert_new(*given, **more)
        raise RuntimeError("the process ended here")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "insert_new", die)
        yield


# ---------------------------------------------------------------- interrupted


def test_the_same_request_finishes_a_launch_whose_process_died(world: World, driver: Driver, course: str) -> None:
    (org,) = driver.clients(course, "Acme")
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


def test_the_sweep_finishes_a_launch_whose_process_died(world: World, driver: Driver, course: str) -> None:
    (org,) = driver.clients(course, "Acme")
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
    # The same request again gets the answer of the launch that the sweep finished.
    assert driver.send(form, "one key").json["results"][0]["ok"] is True
    assert not [item for item in world.dump("outbox") if item["pk"].startswith("DUE#")]


def test_a_batch_that_was_written_before_the_process_died_is_reported_whatever_came_between(
    world: World, driver: Driver, course: str
) -> None:
    (org,) = driver.clients(course, "Acme")
    form = driver.form([org], [course])
    with _dying(after_the_batches=True):
        driver.send(form, "one key")
    world.delete(f"/msp/organizations/{org}/training-access", driver.admin)
    world.now += timedelta(minutes=1)
    (result,) = driver.send(form, "one key").json["results"]
    driver.work()
    assert result["ok"] is True
    assert driver.row(org, result["batch_id"], course)["code"] == "org_not_ready"


def test_a_launch_that_ends_as_a_dead_letter_fails_for_the_clients_that_have_no_batch(
    world: World, driver: Driver, course: str
) -> None:
    acme, bolt = driver.clients(course, "Acme", "Bolt")
    member = world.member(acme)
    with refused(bolt), _dying(after_the_batches=True):
        driver.send(driver.form([acme, bolt], [course]))
    (rollout,) = world.get("/msp/rollouts", driver.admin).json["items"]
    (entry,) = [item for item in world.dump("outbox") if item["pk"].startswith("DUE#")]
    job = {"job": "launch", "msp_id": driver.msp, "rollout_id": rollout["rollout_id"], "due_at": entry["sk"][:20]}
    driver.handle_dead_letter(job)
    driver.work()
    answer = world.get(f"/msp/rollouts/{rollout['rollout_id']}", driver.admin)
    assert result_of(answer, acme)["ok"] is True
    assert result_of(answer, bolt)["error"]["code"] == "launch_failed"
    assert driver.enrolled(acme, course) == {member}
    assert not [item for item in world.dump("outbox") if item["pk"].startswith("DUE#")]


def test_jobs_that_could_not_be_queued_are_queued_by_the_sweep(
    world: World, driver: Driver, course: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (org,) = driver.clients(course, "Acme")
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
    acme, bolt = driver.clients(course, "Acme", "Bolt")
    world.member(bolt)
    with refused(acme):
        answer = driver.send(driver.form([acme, bolt], [course]))
    driver.work()
    assert answer.status == 202
    failed = result_of(answer, acme)
    assert (failed["ok"], failed["batch_id"], failed["error"]["code"]) == (False, None, "write_failed")
    assert failed["error"]["detail"].endswith("Retry this client from the rollout.")
    assert result_of(answer, bolt)["ok"] is True
    rows = world.get("/msp/training", driver.admin).json["items"]
    assert {row["name"]: row["num_batches"] for row in rows} == {"Acme": 0, "Bolt": 1}


def test_a_client_that_failed_is_launched_again_and_the_others_are_left_alone(
    world: World, driver: Driver, course: str
) -> None:
    acme, bolt = driver.clients(course, "Acme", "Bolt")
    member = world.member(acme)
    with refused(acme):
        first = driver.send(driver.form([acme, bolt], [course]))
    driver.work()
    path = f"/msp/rollouts/{first.json['rollout_id']}/retry"
    again = world.post(path, driver.admin, {"org_ids": [acme]}, headers={"Idempotency-Key": "again"})
    driver.work()
    assert again.status == 202
    assert result_of(again, acme)["ok"] is True
    assert result_of(again, bolt) == result_of(first, bolt)
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
    orgs = driver.clients(course, *names)
    with refused(orgs[0]):
        first = driver.send(driver.form(orgs, [course]))
    world.delete(f"/msp/organizations/{orgs[0]}/training-access", driver.admin)
    path = f"/msp/rollouts/{first.json['rollout_id']}/retry"
    again = world.post(path, driver.admin, {"org_ids": orgs[:1]}, headers={"Idempotency-Key": "again"})
    assert result_of(again, orgs[0])["error"]["code"] == "org_not_ready"
    assert world.get(f"/msp/training/{orgs[0]}", driver.admin).json["items"] == []
