"""What happens around Muster after a failed attempt: callers retry, queues redeliver, schedules and sweeps run."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from chalicelib import worker as jobs
from chalicelib.core.clock import to_text
from chalicelib.jobs import sweep
from chalicelib.jobs.due import REQUEUE_DELAY
from chalicelib.jobs.sweep import OVERDUE_GRACE
from tests.faults import cloud_digest
from tests.faults.injector import Killed
from tests.faults.known_ends import known_ends
from tests.gateway import Answer
from tests.harness import World

# As configured for the jobs queue (infra/resources.yaml): the fifth failure makes a message a dead letter.
MAX_RECEIVES = 5

# The most messages that SQS gives in one call.
_PER_CALL = 10

# After this time another try may take over a request whose process died.
LEASE = timedelta(seconds=36)


@dataclass
class Delivery:
    """One message of the jobs queue, and how often it was received."""

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
    """`body` is sent as JSON; `raw` is sent as it is, with `content_type`."""

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
        """One try. None when the process died."""
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
        """Retry as a front end does: after an error, and later while the first try has the key."""
        for _ in range(4):
            answer = self.ask(request)
            if answer is not None and answer.status < 500 and not is_in_flight(answer):
                return answer
            self._world.now += LEASE
        raise AssertionError(f"{request.method} {request.path} is never answered")

    # ------------------------------------------------------------ queues

    def take(self) -> list[Delivery]:
        """Receive what is in the queue, without running it."""
        if cloud_digest.has_messages(self._world.stage.queue_urls["jobs"]):
            self._lead("take", self._take)
        return self.waiting

    def _take(self) -> None:
        client, url = self._world.client("sqs"), self._world.stage.queue_urls["jobs"]
        while True:
            messages = client.receive_message(QueueUrl=url, MaxNumberOfMessages=_PER_CALL).get("Messages", [])
            if messages:
                handles = [
                    {"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(messages)
                ]
                client.delete_message_batch(QueueUrl=url, Entries=handles)
                self.waiting += [Delivery(json.loads(message["Body"])) for message in messages]
            if len(messages) < _PER_CALL:
                return

    def take_one(self, **fields: Any) -> Delivery:
        """Run the messages before the first one that has these fields, and return that one."""
        while True:
            self.take()
            match = next((delivery for delivery in self.waiting if delivery.has(fields)), None)
            if match is not None:
                self.waiting.remove(match)
                return match
            assert self.waiting, f"no message with {fields}"
            assert self.deliver(self.waiting.pop(0))

    def deliver(self, delivery: Delivery) -> bool:
        """Deliver a message to the worker. A failure keeps it in the queue or makes it a dead letter."""
        delivery.num_received += 1
        try:
            done = self._worked("work", jobs.work, delivery)
        except Killed:
            done = False
        if not done:
            (self.dead if delivery.num_received >= MAX_RECEIVES else self.waiting).append(delivery)
        return done

    def handle_dead_letter(self, delivery: Delivery) -> bool:
        """Deliver a dead letter to its handler. A failure keeps it among the dead letters."""
        try:
            done = self._worked("dead letter", jobs.handle_dead_letters, delivery)
        except Killed:
            done = False
        if not done:
            self.dead.append(delivery)
        return done

    def _worked(self, step: str, function: Callable[..., Any], delivery: Delivery) -> bool:
        event = delivery.event()
        run = partial(function, event, self._clock)
        return known_ends.lead(self._world, (step, event), lambda: not run()["batchItemFailures"])

    def _lead(self, name: str, run: Callable[[], object]) -> None:
        """A step after which messages are in other queues, or were received once more."""
        held = [*self.waiting, *self.dead]
        places = {id(delivery): place for place, delivery in enumerate(held)}

        def led() -> tuple[list[int], list[int | Delivery], list[int | Delivery]]:
            run()
            queues = [[places.get(id(one), one) for one in queue] for queue in (self.waiting, self.dead)]
            return [one.num_received for one in held], queues[0], queues[1]

        told = [[list(vars(one).values()) for one in queue] for queue in (self.waiting, self.dead)]
        received, waiting, dead = known_ends.lead(self._world, (name, told), led)
        for delivery, num_received in zip(held, received, strict=True):
            delivery.num_received = num_received
        self.waiting[:] = [held[one] if isinstance(one, int) else one for one in waiting]
        self.dead[:] = [held[one] if isinstance(one, int) else one for one in dead]

    def work_off(self) -> None:
        """Deliver until both queues are empty."""
        self._lead("work off", self._work_off)

    def _work_off(self) -> None:
        for _ in range(500):
            self.take()
            if self.waiting:
                self.deliver(self.waiting.pop(0))
            elif self.dead:
                self.handle_dead_letter(self.dead.pop(0))
            else:
                return
        raise AssertionError("the queues never run empty")

    # ------------------------------------------------------------ time

    def until_quiet(self) -> None:
        """Let time pass, with schedules and sweeps, until nothing is left to do now."""
        self._lead("until quiet", self._until_quiet)

    def _until_quiet(self) -> None:
        for _ in range(10):
            self._work_off()
            self._world.now += OVERDUE_GRACE + REQUEUE_DELAY + timedelta(minutes=1)
            fired = self.fire_schedules()
            overdue = self._is_overdue()
            if overdue:
                self.sweep()
            if not fired and not overdue:
                return
        raise AssertionError("there is always something overdue")

    def until(self, instant: datetime) -> None:
        """Let time pass until this instant, and do everything that is due by then."""
        self._world.now = max(self._world.now, instant)
        self.fire_schedules()
        self.until_quiet()

    def sweep(self) -> None:
        known_ends.lead(self._world, ("sweep",), lambda: sweep.sweep(self._world.now) and None)

    def wait_for_sweep(self) -> None:
        """Let time pass until a sweep finds what was just left undone, and sweep."""
        self._world.now += OVERDUE_GRACE + timedelta(seconds=1)
        self.sweep()

    def fire_schedules(self) -> int:
        """Fire the schedules that are due: each puts its message on the queue and is deleted."""
        client, group = self._world.client("scheduler"), self._world.stage.environment["SCHEDULE_GROUP"]
        fired = 0
        for name, at in self.schedules().items():
            if at <= to_text(self._world.now):
                body = client.get_schedule(GroupName=group, Name=name)["Target"]["Input"]
                client.delete_schedule(GroupName=group, Name=name)
                self.waiting.append(Delivery(json.loads(body)))
                fired += 1
        return fired

    def lose_schedules(self) -> None:
        client, group = self._world.client("scheduler"), self._world.stage.environment["SCHEDULE_GROUP"]
        for name in self.schedules():
            client.delete_schedule(GroupName=group, Name=name)

    def schedules(self) -> dict[str, str]:
        """Instants by name of schedule."""
        if not cloud_digest.has_schedules():
            return {}
        client, group = self._world.client("scheduler"), self._world.stage.environment["SCHEDULE_GROUP"]
        names = [entry["Name"] for entry in client.list_schedules(GroupName=group)["Schedules"]]
        found = {name: client.get_schedule(GroupName=group, Name=name) for name in names}
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
