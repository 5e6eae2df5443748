"""The same stores on Amazon's DynamoDB Local, whose conditions, PartiQL and keys are the reference."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.aws import clients
from chalicelib.core.clock import utc_now
from chalicelib.core.settings import settings
from chalicelib.training.batches import recipients
from chalicelib.web import routing as http
from infra.cloud import Cloud
from infra.dynamodb_local import NotAvailableError, dynamodb_local
from infra.packaging import ROOT
from tests.cloud_fixture import drop_stage, new_stage
from tests.faults.invariants import problems
from tests.harness import World
from tests.stories.driver import Driver


class TwoClouds(Cloud):
    """Amazon's engine for tables, the local cloud for everything else."""

    tables: Cloud

    def client(self, service: str) -> Any:
        return self.tables.client(service) if service == "dynamodb" else super().client(service)


@pytest.fixture(scope="module")
def engine() -> Iterator[Cloud]:
    try:
        with dynamodb_local(ROOT / ".muster") as started:
            yield started
    except NotAvailableError as error:
        if os.environ.get("MUSTER_NO_SKIP"):
            raise
        pytest.skip(str(error))


@pytest.fixture
def driver(cloud: Cloud, engine: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    both = TwoClouds(cloud.endpoint)
    object.__setattr__(both, "tables", engine)
    stage = new_stage(both)
    for name, value in stage.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", str(engine.endpoint))
    monkeypatch.setattr(recipients.partition_of, "__defaults__", (3,))
    _forget()
    world = World(both, stage)
    http.clock[0] = lambda: world.now
    yield Driver(world)
    http.clock[0] = utc_now
    drop_stage(both, stage)
    _forget()


def _forget() -> None:
    clients.forget()
    settings.cache_clear()


def test_a_rollout_lives_through_all_it_can_on_amazons_engine(driver: Driver) -> None:
    course, other = (driver.world.course(driver.msp, title) for title in ("One", "Two"))
    org = driver.world.org(driver.msp, courses=[course, other])
    account, member = driver.world.learner(org)
    driver.world.members(org, 7)
    access = {"course_ids": [course], "reply_to": "training@acme.example", "seats": {course: 6}}
    assert driver.world.put(f"/msp/organizations/{org}/training-access", driver.admin, access).status == 200

    body = driver.form([org], [{"course_id": course, "due_by": "2027-02-01"}, other])
    launched = driver.send(body, key="once")
    assert launched.status == 202, launched.text
    assert driver.send(body, key="once").json == launched.json
    batch = launched.json["results"][0]["batch_id"]
    driver.work()
    rows = driver.rows(org, batch)
    assert (rows[course]["status"], rows[course]["num_enrolled"], rows[course]["num_failed"]) == ("partial", 6, 2)
    assert rows[other]["status"] == "access_denied"
    assert problems(driver.world) == []

    wider = {**access, "course_ids": [course, other], "seats": {}}
    assert driver.world.put(f"/msp/organizations/{org}/training-access", driver.admin, wider).status == 200
    for one in (course, other):
        assert driver.retry(org, batch, one, f"retry {one}").status == 202
    driver.work()
    assert {row["status"] for row in driver.rows(org, batch).values()} == {"enrolled"}

    assert driver.world.post(f"/me/courses/{org}.{member}.{course}/complete", account).status == 200
    path = f"/msp/training/{org}/{batch}/courses/{course}"
    assert driver.world.patch(path, driver.admin, {"due_by": "2027-03-01"}).status == 200
    driver.work()
    dates = [learner["due_by"] for learner in driver.learners(org, batch, course)]
    assert sorted(dates) == ["2027-02-01"] + ["2027-03-01"] * 7
    # The other course had no due date.
    path = f"/msp/training/{org}/{batch}/courses/{other}"
    assert driver.world.patch(path, driver.admin, {"due_by": "2027-03-05"}).status == 200
    driver.work()
    assert {learner["due_by"] for learner in driver.learners(org, batch, other)} == {"2027-03-05"}
    assert problems(driver.world) == []

    driver.world.post(f"/msp/training/{org}/{batch}/undo", driver.admin)
    driver.work()
    undone = driver.world.get(f"/msp/training/{org}/{batch}/undo", driver.admin).json
    assert (undone["status"], undone["reversed"], undone["kept_started"]) == ("done", 15, 1)
    assert (undone["not_reversed"], undone["waiting"]) == ([], None)
    driver.past_grace()
    driver.sweep()
    assert problems(driver.world) == []


def test_every_message_may_come_twice_on_amazons_engine(driver: Driver) -> None:
    course = driver.world.course(driver.msp)
    org = driver.world.org(driver.msp, courses=[course])
    driver.world.members(org, 8)
    driver.send(driver.form([org], [{"course_id": course, "enroll_on": "2027-01-06"}]))
    driver.work()
    driver.until("2027-01-06T12:00:00")
    driver.past_grace()
    for _ in range(3):
        driver.sweep()
        driver.world.now = driver.world.now.replace(hour=driver.world.now.hour + 1)
    while messages := driver.world.messages():
        driver.deliver([*messages, *reversed(messages)])
    assert len(driver.enrolled(org, course)) == 8
    assert problems(driver.world) == []
