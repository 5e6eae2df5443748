"""P12: one client of 1,000, 10,000 and 100,000 learners, from the launch until every mail is made, job by job.

The clock goes on by what each job would take, and every minute the sweep comes: what it restarts from the beginning
shows as learners read, or inserts made, for a second time.
"""

import json
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from chalicelib import worker
from tests.bench.figure import Figure
from tests.bench.meter import Tally
from tests.bench.scenario import BATCH_SIZE, MAIL_JOB, Scene, record
from tests.bench.units import Written

SIZES = (1_000, 10_000, 100_000)
_MAX_GROWTH = 1.02

# What a call to AWS takes, and the part of a CPU that a function of 1,024 MB has.
SECONDS_PER_CALL = 0.04
CPU_SHARE = 0.6

_CONFIG = Path(__file__).parent.parent.parent / ".chalice" / "config.json"
_SWEPT_EVERY = timedelta(minutes=1)

# The message of each kind whose memory is looked at; a client of 1,000 has no second one.
_WATCHED = 2


@dataclass(frozen=True)
class Job:
    """One message and what its calls wrote, call by call."""

    kind: str
    cpu: float
    written: list[list[Written]]
    # The most memory that Python held meanwhile, in MB: of a few jobs, for looking takes time.
    peak: float | None = None

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
    def calls_per_learner(self) -> float:
        return (self.enrolling.calls.total() + self.mailing.calls.total()) / self.num_learners

    @property
    def units_per_learner(self) -> float:
        return (self.enrolling.writes + self.mailing.writes) / self.num_learners


def of_sizes(scene: Scene, walks: list[Walk]) -> Iterator[Figure]:
    """Figures of each size; the last is compared with the one before it. `walks` gets what they are made from."""
    limit, num_mails = _worker_limit(), scene.num_mails()
    for number in SIZES:
        walk = _walked(scene, number)
        num_mails += number
        if scene.num_mails() != num_mails:
            raise RuntimeError("not everybody has one mail")
        walks.append(walk)
        yield from _of_walk(walk, limit)
    *_, smaller, largest = walks
    calls = largest.calls_per_learner / smaller.calls_per_learner
    units = largest.units_per_learner / smaller.units_per_learner
    yield Figure("P12 calls per learner, 100,000 over 10,000", calls, _MAX_GROWTH)
    yield Figure("    write units per learner, 100,000 over 10,000", units, _MAX_GROWTH)


def _of_walk(walk: Walk, limit: int) -> Iterator[Figure]:
    number, total = walk.num_learners, walk.enrolling + walk.mailing
    yield Figure(f"P12 {number:,} learners: calls per 1,000, mails included", walk.calls_per_learner * 1000)
    yield Figure("    write units per learner", walk.units_per_learner)
    yield Figure("    read units per learner", total.reads / number)
    yield Figure("    inserts that met what was there already", total.num_met, 0)
    yield Figure("    learners read more than once for their mails", walk.mailing.num_queried - number, 0)
    yield Figure("    jobs that the sweep sent", walk.num_swept)
    for job in walk.jobs:
        if job.peak is not None:
            yield Figure(f"    most memory held by a job ({job.kind}), MB", job.peak)
    longest = max(walk.jobs, key=lambda job: job.seconds)
    yield Figure(f"    longest job ({longest.kind}): seconds at 0.6 of a CPU, 40 ms a call", longest.seconds, limit / 2)
    together = f"    {BATCH_SIZE} such jobs in one invocation, seconds"
    yield Figure(together, longest.seconds * BATCH_SIZE, limit)
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
    nth: Counter[str] = Counter()
    while scene.meter.sent:
        body = scene.meter.sent.popleft()
        nth[body["job"]] += 1
        job, tally = _ran(scene, body, is_watched=nth[body["job"]] == _WATCHED)
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


def _ran(scene: Scene, body: dict[str, object], *, is_watched: bool) -> tuple[Job, Tally]:
    if is_watched:
        tracemalloc.start()
    started = time.process_time()
    answer = worker.work({"Records": [record(body)]}, lambda: scene.world.now)
    cpu = time.process_time() - started
    peak = tracemalloc.get_traced_memory()[1] / 1e6 if is_watched else None
    tracemalloc.stop()
    if answer["batchItemFailures"]:
        raise RuntimeError("a job failed; POWERTOOLS_LOG_LEVEL=ERROR tells why")
    tally = scene.meter.take()
    # Looking makes a job several times as slow; there are others like it.
    return Job(str(body["job"]), 0 if is_watched else cpu, tally.written, peak), tally


def _worker_limit() -> int:
    """Seconds, as every stage has them."""
    stages = json.loads(_CONFIG.read_text())["stages"].values()
    return min(int(stage["lambda_functions"]["worker"]["lambda_timeout"]) for stage in stages)
