"""What goes on around Muster when an attempt broke: callers ask again, queues redeliver, schedules and sweeps run."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib import worker as jobs
from chalicelib.core.clock import to_text
from chalicelib.jobs import sweep
from chalicelib.jobs.sweep import OVERDUE_GRACE, REQUEUE_DELAY
from tests.faults.injector import Killed
from tests.gateway import Answer
from tests.harness import World

# As the jobs queue is set (infra/resources.yaml): the fifth failure sends a message to the dead letters.
MAX_RECEIVES = 5

# The most that SQS hands out in one call.
_AT_ONCE = 10

# Past this, a request whose process died may be taken over.
LEASE = timedelta(seconds=36)


@dataclass
class Delivery:
    """One message of the jobs queue, with how often it was received."""

    body: dict[str, Any] | str
    num_received: int = 0

    def event(self) -> dict[str, Any]:
        text = self.body if isinstance(self.body, str) else json.dumps(self.body)
        attributes = {"ApproximateReceiveCount": str(self.num_received)}
        return {"Records": [{"messageId": "m", "body": text, "attributes": attributes}]}

    def has(self, fields: dict[str, Any]) -> bool:
        return isinstance(self.body, dict) and fields.items() <= self.body.items()


@dataclass(frozen=True)
class Request:
    """`body` is sent as JSON, `raw` as it is, as the kind of content that is given with it."""

    method: str
    path: str
    as_: str | None
    body: Any = None
    key: str | None = None
    raw: bytes | None = None
    content_type: str = "application/json"


class FakeSqs:
    def __init__(self, world: World) -> None:
        self._world = world
        self.waiting: list[Delivery] = []
        self.dead: list[Delivery] = []

    # ------------------------------------------------------------ callers

    def ask(self, request: Request) -> Answer | None:
        """One try. None when the process died over it."""
        headers = {"Idempotency-Key": request.key} if request.key else {}
        if request.raw is not None:
            headers["Content-Type"] = request.content_type
        try:
            return self._world.request(
                request.method, request.path, as_=request.as_, body=request.body, raw=request.raw, headers=headers
            )
        except Killed:
            return None

    def ask_until_answered(self, request: Request) -> Answer:
        """As a front end does: the same again after an error, and later while the first try holds the key."""
        for _ in range(4):
            answer = self.ask(request)
            if answer is not None and answer.status < 500 and not is_in_flight(answer):
                return answer
            self._world.now += LEASE
        raise AssertionError(f"{request.method} {request.path} is never answered")

    # ------------------------------------------------------------ queues

    def take(self) -> list[Delivery]:
        """Take what is in the queue, without working on it."""
        sqs, url = self._world.client("sqs"), self._world.stage.queue_urls["jobs"]
        while True:
            found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=_AT_ONCE).get("Messages", [])
            if found:
                handles = [{"Id": str(n), "ReceiptHandle": one["ReceiptHandle"]} for n, one in enumerate(found)]
                sqs.delete_message_batch(QueueUrl=url, Entries=handles)
                self.waiting += [Delivery(json.loads(message["Body"])) for message in found]
            if len(found) < _AT_ONCE:
                return self.waiting

    def take_one(self, **fields: Any) -> Delivery:
        """Work on everything but the first message that has these fields, and give that one."""
        while True:
            self.take()
            found = next((delivery for delivery in self.waiting if delivery.has(fields)), None)
            if found is not None:
                self.waiting.remove(found)
                return found
            assert self.waiting, f"no message with {fields}"
            assert self.deliver(self.waiting.pop(0))

    def deliver(self, delivery: Delivery) -> bool:
        """Hand a message to the worker; a failure keeps it in the queue, or sends it to the dead letters."""
        delivery.num_received += 1
        try:
            done = not jobs.work(delivery.event(), self._clock)["batchItemFailures"]
        except Killed:
            done = False
        if not done:
            (self.dead if delivery.num_received >= MAX_RECEIVES else self.waiting).append(delivery)
        return done

    def bury(self, delivery: Delivery) -> bool:
        """Hand a dead letter to its handler; a failure keeps it among the dead letters."""
        try:
            done = not jobs.handle_dead_letters(delivery.event(), self._clock)["batchItemFailures"]
        except Killed:
            done = False
        if not done:
            self.dead.append(delivery)
        return done

    def work_off(self) -> None:
        """Until both queues are empty."""
        for _ in range(500):
            self.take()
            if self.waiting:
                self.deliver(self.waiting.pop(0))
            elif self.dead:
                self.bury(self.dead.pop(0))
            else:
                return
        raise AssertionError("the queues never run empty")

    # ------------------------------------------------------------ time

    def until_quiet(self) -> None:
        """Let time go by, with schedules and sweeps, until nothing is left to do now."""
        for _ in range(10):
            self.work_off()
            self._world.now += OVERDUE_GRACE + REQUEUE_DELAY + timedelta(minutes=1)
            fired = self.fire_schedules()
            overdue = self._is_overdue()
            if overdue:
                self.sweep()
            if not fired and not overdue:
                return
        raise AssertionError("there is always something overdue")

    def until(self, instant: datetime) -> None:
        """Let the day come on which something is due, and everything be done about it."""
        self._world.now = max(self._world.now, instant)
        self.fire_schedules()
        self.until_quiet()

    def sweep(self) -> None:
        sweep.sweep(self._world.now)

    def wait_for_sweep(self) -> None:
        """Until the next sweep finds what somebody left behind just now."""
        self._world.now += OVERDUE_GRACE + timedelta(seconds=1)
        self.sweep()

    def fire_schedules(self) -> int:
        """Schedules whose time has come put their messages on the queue, and are gone."""
        scheduler, group = self._world.client("scheduler"), self._world.stage.environment["SCHEDULE_GROUP"]
        fired = 0
        for name, at in self.schedules().items():
            if at <= to_text(self._world.now):
                body = scheduler.get_schedule(GroupName=group, Name=name)["Target"]["Input"]
                scheduler.delete_schedule(GroupName=group, Name=name)
                self.waiting.append(Delivery(json.loads(body)))
                fired += 1
        return fired

    def lose_schedules(self) -> None:
        scheduler, group = self._world.client("scheduler"), self._world.stage.environment["SCHEDULE_GROUP"]
        for name in self.schedules():
            scheduler.delete_schedule(GroupName=group, Name=name)

    def schedules(self) -> dict[str, str]:
        """Instants by name of schedule."""
        scheduler, group = self._world.client("scheduler"), self._world.stage.environment["SCHEDULE_GROUP"]
        names = [entry["Name"] for entry in scheduler.list_schedules(GroupName=group)["Schedules"]]
        found = {name: scheduler.get_schedule(GroupName=group, Name=name) for name in names}
        return {name: f"{one['ScheduleExpression'][3:-1]}Z" for name, one in found.items()}

    def _is_overdue(self) -> bool:
        now, before = to_text(self._world.now), to_text(self._world.now - OVERDUE_GRACE)
        return any(
            item["pk"].startswith("DUE#") and item["sk"] <= f"{before}#~" and item["not_before"] <= now
            for item in self._world.dump("outbox")
        )

    def _clock(self) -> datetime:
        return self._world.now


def is_in_flight(answer: Answer) -> bool:
    return answer.status == 409 and answer.json["code"] == "in_flight"
