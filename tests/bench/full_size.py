"""P12: one client of 1,000, 10,000 and 100,000 learners, from the launch until every mail is made, job by job.

The clock goes on by what each job would take, and every minute the sweep comes: what it restarts from the beginning
shows as learners read, or inserts made, for a second time.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from chalicelib import worker
from tests.bench.figure import Figure
from tests.bench.meter import Tally
from tests.bench.scenario import MAIL_JOB, Scene, record
from tests.bench.units import Written

SIZES = (1_000, 10_000, 100_000)
_MAX_GROWTH = 1.02

# What a call to AWS takes, and the part of a CPU that a function of 1,024 MB has.
SECONDS_PER_CALL = 0.04
CPU_SHARE = 0.6

_CONFIG = Path(__file__).parent.parent.parent / ".chalice" / "config.json"
_SWEPT_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Job:
    """One message and what its calls wrote, call by call."""

    kind: str
    cpu: float
    written: list[list[Written]]

    @property
    def seconds(self) -> float:
        return self.cpu / CPU_SHARE + len(self.written) * SECONDS_PER_CALL


@dataclass(frozen=True)
class Walk:
    """A launch of one course with mails, walked to its end."""

    num_learners: int
    org_id: str
    course_id: str
    jobs: list[Job]
    enrolling: Tally
    mailing: Tally
    num_swept: int

    @property
    def num_calls(self) -> int:
        return self.enrolling.calls.total() + self.mailing.calls.total()

    @property
    def num_units(self) -> float:
        return self.enrolling.writes + self.mailing.writes


def of_sizes(scene: Scene) -> Iterator[Figure | Walk]:
    """Figures of each size, compared with the one before it; the walk itself comes last."""
    limit = _worker_limit()
    before: Walk | None = None
    for number in SIZES:
        walk = _walked(scene, number)
        if scene.num_mails() != sum(size for size in SIZES if size <= number):
            raise RuntimeError("not everybody has one mail")
        yield from _of_walk(walk, limit)
        if before is not None and before.num_learners >= 10_000:
            calls = walk.num_calls / walk.num_learners / (before.num_calls / before.num_learners)
            units = walk.num_units / walk.num_learners / (before.num_units / before.num_learners)
            yield Figure("P12 calls per learner, 100,000 over 10,000", calls, _MAX_GROWTH)
            yield Figure("    write units per learner, 100,000 over 10,000", units, _MAX_GROWTH)
        before = walk
    if before is not None:
        yield before


def _of_walk(walk: Walk, limit: int) -> Iterator[Figure]:
    number, total = walk.num_learners, walk.enrolling + walk.mailing
    yield Figure(f"P12 {number:,} learners: calls per 1,000, mails included", walk.num_calls / number * 1000)
    yield Figure("    write units per learner", walk.num_units / number)
    yield Figure("    read units per learner", total.reads / number)
    yield Figure("    inserts that met what was there already", total.num_met, 0)
    yield Figure("    learners read more than once for their mails", walk.mailing.num_queried - number, 0)
    yield Figure("    jobs that the sweep sent", walk.num_swept)
    longest = max(walk.jobs, key=lambda job: job.seconds)
    yield Figure(f"    longest job ({longest.kind}): seconds at 0.6 of a CPU, 40 ms a call", longest.seconds, limit / 2)
    yield Figure("    most CPU of a job: seconds at 0.6 of a CPU", max(job.cpu for job in walk.jobs) / CPU_SHARE)
    yield Figure("    all jobs one after another, minutes", sum(job.seconds for job in walk.jobs) / 60)


def _walked(scene: Scene, num_learners: int) -> Walk:
    org_id = scene.client(num_learners)
    scene.meter.take()
    scene.meter.units = True
    scene.launch([org_id], mails=True)
    enrolling, mailing = scene.meter.take(), Tally()
    jobs = [Job("launch", 0, enrolling.written)]
    swept_at, num_swept = scene.world.now, 0
    while scene.meter.sent:
        body = scene.meter.sent.popleft()
        job, tally = _ran(scene, body)
        jobs.append(job)
        if body["job"] == MAIL_JOB:
            mailing += tally
        else:
            enrolling += tally
        scene.world.now += timedelta(seconds=job.seconds)
        while scene.world.now - swept_at >= _SWEPT_EVERY:
            swept_at += _SWEPT_EVERY
            num_before = len(scene.meter.sent)
            worker.sweep(lambda: scene.world.now)
            num_swept += len(scene.meter.sent) - num_before
            scene.meter.take()
    scene.meter.units = False
    return Walk(num_learners, org_id, scene.course_ids[0], jobs, enrolling, mailing, num_swept)


def _ran(scene: Scene, body: dict[str, object]) -> tuple[Job, Tally]:
    started = time.process_time()
    answer = worker.work({"Records": [record(body)]}, lambda: scene.world.now)
    cpu = time.process_time() - started
    if answer["batchItemFailures"]:
        raise RuntimeError("a job failed; POWERTOOLS_LOG_LEVEL=ERROR tells why")
    tally = scene.meter.take()
    return Job(str(body["job"]), cpu, tally.written), tally


def _worker_limit() -> int:
    """Seconds, as every stage has them."""
    stages = json.loads(_CONFIG.read_text())["stages"].values()
    return min(int(stage["lambda_functions"]["worker"]["lambda_timeout"]) for stage in stages)
