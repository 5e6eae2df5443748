"""An MSP whose admin launches over HTTP, and what happens behind: the jobs queue, schedules, the sweep."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib import worker as jobs
from chalicelib.aws import bulk
from chalicelib.jobs.sweep import OVERDUE_GRACE
from tests.gateway import Answer
from tests.harness import World

LAUNCH = "/msp/training/enrollment"


def result_of(answer: Answer, org: str) -> dict[str, Any]:
    """The client's line in the answer of a launch, or on the page of a rollout."""
    return next(result for result in answer.json["results"] if result["org_id"] == org)


@contextmanager
def refused(*ids: str) -> Iterator[None]:
    """Let DynamoDB refuse for good what is inserted under keys with one of these ids."""
    insert_new = bulk.insert_new

    def insert_some(table: str, items: Sequence[Any], **more: Any) -> list[str]:
        outcomes = ["ValidationError"] * len(items)
        good = [index for index, item in enumerate(items) if not any(one in item["pk"]["S"] for one in ids)]
        if good:
            inserted = insert_new(table, [items[index] for index in good], **more)
            for index, outcome in zip(good, inserted, strict=True):
                outcomes[index] = outcome
        return outcomes

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "insert_new", insert_some)
        yield


def _event(messages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Messages as SQS hands them to a function."""
    return {"Records": [{"messageId": str(index), "body": json.dumps(body)} for index, body in enumerate(messages)]}


class Driver:
    """Everything runs at the world's time of day, and only when a test says so."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.msp = world.msp()
        self.admin = world.msp_admin(self.msp)
        self._num_keys = 0

    def clients(self, course: str, *names: str) -> list[str]:
        """Ready clients that may use the course."""
        return [self.world.org(self.msp, name, courses=[course]) for name in names]

    def everything(self) -> dict[str, list[dict[str, Any]]]:
        """All that is stored: what a request changed is the difference of two."""
        return {short: self.world.dump(short) for short in ("core", "enrollments", "outbox")}

    # ------------------------------------------------------------ launching

    def form(self, orgs: Sequence[str], courses: Sequence[str | Mapping[str, Any]], **fields: Any) -> dict[str, Any]:
        """A launch body. A course may be its id alone."""
        chosen = [{"course_id": course} if isinstance(course, str) else dict(course) for course in courses]
        return {"name": "Q1 awareness", "org_ids": list(orgs), "courses": chosen, **fields}

    def send(self, body: Any, key: str | None = None, as_: str | None = None) -> Answer:
        """One submission, under a key of its own unless one is given."""
        self._num_keys += 1
        headers = {"Idempotency-Key": key or f"key {self._num_keys}"}
        return self.world.post(LAUNCH, as_ or self.admin, body, headers=headers)

    def launch(self, orgs: str | Sequence[str], courses: Sequence[str | Mapping[str, Any]], **fields: Any) -> list[str]:
        """Launch, let the jobs run until all is quiet, and give the batches in the order of the clients."""
        chosen = [orgs] if isinstance(orgs, str) else orgs
        answer = self.send(self.form(chosen, courses, **fields))
        assert answer.status == 202, answer.text
        assert all(result["ok"] for result in answer.json["results"]), answer.text
        self.work()
        return [result["batch_id"] for result in answer.json["results"]]

    # ------------------------------------------------------------ what happens behind

    def work(self) -> int:
        """Hand the jobs queue's messages to the worker, with those that come of them; gives how many there were."""
        count = 0
        while messages := self.world.messages():
            count += len(messages)
            self.deliver(messages)
        return count

    def deliver(self, messages: Sequence[Mapping[str, Any]]) -> None:
        outcome = jobs.work(_event(messages), clock=lambda: self.world.now)
        assert outcome == {"batchItemFailures": []}

    def handle_dead_letter(self, message: Mapping[str, Any]) -> None:
        """Deliver a message that broke every time to the dead letters' function."""
        outcome = jobs.handle_dead_letters(_event([message]), clock=lambda: self.world.now)
        assert outcome == {"batchItemFailures": []}

    def schedules(self) -> dict[str, tuple[datetime, dict[str, Any]]]:
        """The schedules that stand: instant and message, by name."""
        scheduler, group = self.world.client("scheduler"), self.world.stage.environment["SCHEDULE_GROUP"]
        found: dict[str, tuple[datetime, dict[str, Any]]] = {}
        for entry in scheduler.list_schedules(GroupName=group)["Schedules"]:
            schedule = scheduler.get_schedule(GroupName=group, Name=entry["Name"])
            assert schedule["ScheduleExpressionTimezone"] == "UTC"
            at = datetime.strptime(schedule["ScheduleExpression"], "at(%Y-%m-%dT%H:%M:%S)").replace(tzinfo=UTC)
            found[entry["Name"]] = (at, json.loads(schedule["Target"]["Input"]))
        return found

    def fire(self) -> int:
        """Do as EventBridge: schedules whose instant has come send their message and go; gives how many."""
        due = {name: body for name, (at, body) in self.schedules().items() if at <= self.world.now}
        self.drop_schedules(due)
        self.deliver(list(due.values()))
        self.work()
        return len(due)

    def drop_schedules(self, names: Mapping[str, Any] | None = None) -> None:
        """Lose schedules: these, or all."""
        scheduler, group = self.world.client("scheduler"), self.world.stage.environment["SCHEDULE_GROUP"]
        for name in self.schedules() if names is None else names:
            scheduler.delete_schedule(GroupName=group, Name=name)

    def sweep(self) -> int:
        """The sweeper's minute, and the jobs that it queued; gives how many there were."""
        jobs.sweep(clock=lambda: self.world.now)
        return self.work()

    def until(self, text: str) -> None:
        """Let the time of day be this, in UTC."""
        self.world.now = datetime.fromisoformat(text).replace(tzinfo=UTC)

    def past_grace(self) -> None:
        """Wait until the sweep takes what is due now for lost."""
        self.world.now += OVERDUE_GRACE + timedelta(seconds=1)

    # ------------------------------------------------------------ what admins and learners see

    def batch(self, org: str, batch: str) -> dict[str, Any]:
        answer = self.world.get(f"/msp/training/{org}/{batch}", self.admin)
        assert answer.status == 200, answer.text
        return dict(answer.json)

    def rows(self, org: str, batch: str) -> dict[str, dict[str, Any]]:
        """The rows of the batch's page by course."""
        return {row["course_id"]: row for row in self.batch(org, batch)["courses"]}

    def row(self, org: str, batch: str, course: str) -> dict[str, Any]:
        return self.rows(org, batch)[course]

    def learners(self, org: str, batch: str, course: str, query: str = "") -> list[dict[str, Any]]:
        path = f"/msp/training/{org}/{batch}/courses/{course}/learners"
        return self.world.every(path + (f"?{query}" if query else ""), self.admin)

    def dashboard(self) -> dict[str, Any]:
        return dict(self.world.get("/msp/training", self.admin).json)

    def retry(self, org: str, batch: str, course: str, key: str = "retry") -> Answer:
        path = f"/msp/training/{org}/{batch}/courses/{course}/retry"
        return self.world.post(path, self.admin, headers={"Idempotency-Key": key})

    def enrollments(self, org: str, member: str) -> list[dict[str, Any]]:
        """Current and earlier ones, as the member's page lists them."""
        return self.world.every(f"/orgs/{org}/members/{member}/enrollments", self.admin)

    def enrolled(self, org: str, course: str) -> set[str]:
        """Who holds an enrollment in the course, read behind the application's back."""
        start = f"ORG#{org}#MEMBER#"
        return {
            item["pk"].removeprefix(start)
            for item in self.world.dump("enrollments")
            if item["pk"].startswith(start) and item["sk"] == f"COURSE#{course}"
        }
