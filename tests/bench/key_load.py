"""P10: how many writes a second the busiest keys take, when 25 clients of 100,000 learners get 10 courses, mails on.

What one client's jobs and some mails wrote, call by call, is played again for all of them: as many workers at once as
infra/functions.yaml lets run, each taking five messages at a time, 40 ms a call, the mails sent at the greatest rate.
"""

import json
import os
import random
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from itertools import chain, cycle
from unittest import mock

from chalicelib import mailer
from chalicelib.notifications.schemas import Wake
from tests.bench.figure import Figure
from tests.bench.full_size import SECONDS_PER_CALL, SIZES, Walk
from tests.bench.scenario import BATCH_SIZE, MAIL_JOB, Scene
from tests.bench.units import Written
from tests.cloud_fixture import resources

NUM_CLIENTS = 25
NUM_COURSES = 10
NUM_LEARNERS = SIZES[-1]
MAIL_RATE = 100
MAX_PER_SECOND = 700
_CALLS_PER_SECOND = round(1 / SECONDS_PER_CALL)
_NUM_RECORDED_MAILS = 40
_NUM_TOLD = 8

# Keys of one learner, one mail or one message of SES alone: each takes a few writes in all.
_OWN = re.compile(r"#MEMBER#|outbox MAIL#|outbox SES#")
# Keys spread by a hash of what the entry is for.
_HASHED = re.compile(r"(outbox (?:DUE|CLAIMED)#)\d\d")
_NUM_HASHED = 16


class Scope(Enum):
    """How many such keys there are."""

    ONE = auto()
    PER_CLIENT = auto()
    PER_COURSE_OF_CLIENT = auto()
    HASHED = auto()


@dataclass(frozen=True)
class Load:
    """Units that one call takes of one key."""

    key: str
    scope: Scope
    units: float


Call = list[Load]


@dataclass(frozen=True)
class Message:
    """`step` counts the messages of this kind for the same client and course."""

    kind: str
    client: int
    course: int = -1
    step: int = 0


@dataclass
class Recording:
    """Calls by kind of job, one list for each message."""

    jobs: dict[str, list[list[Call]]]
    mails: list[Call]


def record_mails(scene: Scene) -> list[list[Written]]:
    """Some real people's mails, sent; what was written for each of them, without what they share."""
    org_id = scene.world.org(scene.msp_id, courses=scene.course_ids)
    for _ in range(_NUM_RECORDED_MAILS):
        scene.world.member(org_id)
    scene.roll_out(org_id, mails=True)
    scene.make_mails()
    scene.meter.take()
    scene.meter.units = True
    with mock.patch.dict(os.environ, {"MAIL_RATE": str(MAIL_RATE)}):
        failed = mailer.send({"Records": [{"messageId": "m", "body": json.dumps(Wake().body())}]})
    scene.meter.units = False
    tally = scene.meter.take()
    if failed["batchItemFailures"] or tally.calls["ses.SendRawEmail"] != _NUM_RECORDED_MAILS:
        raise RuntimeError("not every mail was sent; POWERTOOLS_LOG_LEVEL=ERROR tells why")
    return [call for call in tally.written if call]


def of_keys(walk: Walk, mails: list[list[Written]], busiest: dict[str, float]) -> Iterator[Figure]:
    """`busiest` gets the most units a second of each kind of key."""
    recording = _recording(walk, mails)
    for name, choose in (("in their order", _first), ("in any order", _any)):
        by_kind: dict[str, float] = {}
        for key, most in Model(recording, choose).run().items():
            kind = _shown(key)
            by_kind[kind] = max(by_kind.get(kind, 0), most)
        top = sorted(by_kind.items(), key=lambda peak: -peak[1])[:_NUM_TOLD]
        yield Figure(f"P10 25 clients, messages {name}: writes a second of the busiest key", top[0][1], MAX_PER_SECOND)
        for kind, most in top:
            yield Figure(f"    - {kind}", most)
            busiest[kind] = max(busiest.get(kind, 0), most)


def _shown(key: str) -> str:
    """As docs/design.md writes keys; those that differ in their shard are of one kind."""
    plain = re.sub(r"#(\d\d|\{shard\})$", "#n", key.removeprefix("bench-"))
    return re.sub(r"MSP#\w{26}", "MSP#m", plain.format(client="o", batch="b", course="c"))


def num_workers() -> int:
    event = resources("functions.yaml")["Worker"]["Properties"]["Events"]["WorkerSqsEventSource"]
    return int(event["Properties"]["ScalingConfig"]["MaximumConcurrency"])


# ---------------------------------------------------------------- what was recorded


def _recording(walk: Walk, mails: list[list[Written]]) -> Recording:
    (batch_id,) = {found[1] for job in walk.jobs for call in job.written for one in call if (found := _batch_in(one))}
    names = {walk.org_id: "{client}", batch_id: "{batch}", walk.course_id: "{course}"}
    jobs: dict[str, list[list[Call]]] = {}
    for job in walk.jobs:
        jobs.setdefault(job.kind, []).append([_call(call, names) for call in job.written])
    # Which client a mail is for shows in its lane alone.
    some = {found[1]: "{client}" for call in mails for one in call if (found := re.search(r"ORG#(\w+)", one.partition))}
    flat = [_call(call, some) for call in mails]
    size = -(-len(flat) // _NUM_RECORDED_MAILS)
    return Recording(jobs, [list(chain(*flat[start : start + size])) for start in range(0, len(flat), size)])


def _batch_in(one: Written) -> re.Match[str] | None:
    return re.search(r"#BATCH#(\w{26})", one.partition)


def _call(call: list[Written], names: dict[str, str]) -> Call:
    units: Counter[str] = Counter()
    for one in call:
        if not _OWN.search(one.partition):
            key = _HASHED.sub(r"\1{shard}", one.partition)
            for recorded, name in names.items():
                key = key.replace(recorded, name)
            units[key] += one.units  # type: ignore[assignment]
    return [Load(key, _scope(key), number) for key, number in units.items()]


def _scope(key: str) -> Scope:
    if "{shard}" in key:
        return Scope.HASHED
    if "{course}" in key:
        return Scope.PER_COURSE_OF_CLIENT
    return Scope.PER_CLIENT if "{" in key else Scope.ONE


# ---------------------------------------------------------------- playing it again


def _first(waiting: deque[Message], _: random.Random) -> Message:
    return waiting.popleft()


def _any(waiting: deque[Message], chance: random.Random) -> Message:
    waiting.rotate(-chance.randrange(min(len(waiting), 200)))
    return waiting.popleft()


class Model:
    def __init__(self, recording: Recording, choose: Callable[[deque[Message], random.Random], Message]) -> None:
        self._jobs = recording.jobs
        self._mails = cycle(recording.mails)
        self._choose = choose
        self._random = random.Random(1)
        self._waiting = deque(Message("advance", client) for client in range(NUM_CLIENTS))
        self._chunks_left: Counter[tuple[int, int]] = Counter()
        self._mails_left: Counter[int] = Counter()
        self._second: Counter[tuple[str, int, int]] = Counter()

    def run(self) -> dict[str, float]:
        """The most units a second of each kind of key, until all enrollments and mails are made."""
        peaks: dict[str, float] = {}
        workers = [self._work() for _ in range(num_workers())]
        is_busy = True
        while is_busy:
            for number in range(_CALLS_PER_SECOND):
                is_busy = True in [next(worker) for worker in workers]
                for _ in range(_share(number + 1) - _share(number)):
                    self._send()
            for (key, _, _), units in self._second.items():
                peaks[key] = max(peaks.get(key, 0), units)
            self._second.clear()
        return peaks

    def _work(self) -> Iterator[bool]:
        """A call at each step; False while nothing waits."""
        while True:
            batch = [self._choose(self._waiting, self._random) for _ in range(min(BATCH_SIZE, len(self._waiting)))]
            if not batch:
                yield False
            for message in batch:
                for call in self._jobs[message.kind][message.step]:
                    self._take(call, message.client, message.course)
                    yield True
                self._follow(message)

    def _follow(self, done: Message) -> None:
        client, course = done.client, done.course
        if done.kind == "advance":
            for course in range(NUM_COURSES):
                self._chunks_left[client, course] = len(self._jobs["chunk"])
                self._waiting += [Message("chunk", client, course, step) for step in range(len(self._jobs["chunk"]))]
        elif done.kind == "chunk":
            self._chunks_left[client, course] -= 1
            if not self._chunks_left[client, course]:
                self._waiting.append(Message(MAIL_JOB, client, course))
        else:
            self._mails_left[client] += NUM_LEARNERS // len(self._jobs[MAIL_JOB])
            if done.step + 1 < len(self._jobs[MAIL_JOB]):
                self._waiting.append(replace(done, step=done.step + 1))

    def _send(self) -> None:
        """One mail, of the client with the most."""
        for client, _ in self._mails_left.most_common(1):
            self._take(next(self._mails), client, 0)
            self._mails_left[client] -= 1

    def _take(self, call: Call, client: int, course: int) -> None:
        for load in call:
            match load.scope:
                case Scope.PER_COURSE_OF_CLIENT:
                    place = (load.key, client, course)
                case Scope.PER_CLIENT:
                    place = (load.key, client, 0)
                case Scope.HASHED:
                    place = (load.key, self._random.randrange(_NUM_HASHED), 0)
                case Scope.ONE:
                    place = (load.key, 0, 0)
            self._second[place] += load.units  # type: ignore[assignment]


def _share(number: int) -> int:
    """Mails sent within so many calls of a second."""
    return MAIL_RATE * number // _CALLS_PER_SECOND
