"""P1, P2, P5, P11 and memory: each measured in a scene, each with what it has to reach."""

from collections.abc import Iterator, Sequence
from math import ceil
from statistics import median

from tests.bench import baselines
from tests.bench.baselines import Items, Timed, timed
from tests.bench.figure import Figure
from tests.bench.memory import peak_of_partition
from tests.bench.meter import Tally
from tests.bench.scenario import Scene

NUM_LEARNERS = 10_000
_NUM_CLIENTS = 25
_MAX_WRITES_OF_LAUNCH = 3 + ceil(_NUM_CLIENTS / 10)
_MAX_READS_OF_LAUNCH = 4
# P1 and P2: DynamoDB and SQS calls per 1,000 enrollments; write and read units per enrollment.
_REACHES = (50, 5, 2.02, 0.1)
_NUM_ROUNDS = 5
# Saving one by one takes ten times as long: a tenth of the items tells as much.
_NUM_SAVES = NUM_LEARNERS // 10


def of_enrolling(scene: Scene, org_id: str) -> Iterator[Figure]:
    """P1 and P2 for the whole rollout, from the request to the finished row."""
    tally, thousands = _rolled_out(scene, org_id)
    yield Figure("P1  DynamoDB calls per 1,000 enrollments", tally.calls_to("dynamodb") / thousands, _REACHES[0])
    yield Figure("    SQS calls per 1,000 enrollments", tally.calls_to("sqs") / thousands, _REACHES[1])
    yield Figure("P2  write units per enrollment", tally.writes / thousands / 1000, _REACHES[2])
    yield Figure("    - by the formula (PartiQL inserts, transactions)", tally.computed_writes / thousands / 1000)
    yield Figure("    - as the engine reports (all others)", tally.reported_writes / thousands / 1000)
    same = baselines.reported_units(scene.cloud, scene.enrollments()[:1000])
    yield Figure("    - put by BatchWriteItem, as the engine reports, for comparison", same)
    yield Figure("    read units per enrollment (engine)", tally.reads / thousands / 1000, _REACHES[3])


def of_enrolling_few(scene: Scene) -> Iterator[Figure]:
    """The same for a tenth of the learners, over which the fixed costs of a rollout weigh ten times as much."""
    tally, thousands = _rolled_out(scene, scene.client(NUM_LEARNERS // 10))
    yield from _of_variant("1,000 learners", tally, thousands, has_reach=False)


def of_enrolling_with_seats(scene: Scene) -> Iterator[Figure]:
    """Everybody finds a seat: each chunk takes its seats before it enrolls anybody."""
    tally, thousands = _rolled_out(scene, scene.client(NUM_LEARNERS, seats=2 * NUM_LEARNERS))
    yield from _of_variant("seats limited", tally, thousands)


def of_enrolling_with_mails(scene: Scene, org_id: str) -> Iterator[Figure]:
    """Enrollment mails switched on: first up to the finished row, then the making of a mail for each learner."""
    tally, thousands = _rolled_out(scene, org_id, mails=True)
    yield from _of_variant("enrollment mails on, until all are enrolled", tally, thousands)
    num_before = scene.num_mails()
    scene.meter.take()
    scene.meter.units = True
    scene.make_mails()
    scene.meter.units = False
    made = scene.meter.take()
    if scene.num_mails() - num_before != NUM_LEARNERS:
        raise RuntimeError("not everybody has a mail")
    yield from _of_variant("making the mails of these", made, thousands, has_reach=False)


def _of_variant(case: str, tally: Tally, thousands: float, *, has_reach: bool = True) -> Iterator[Figure]:
    calls, messages, writes, reads = _REACHES if has_reach else (None,) * 4
    yield Figure(f"P1  {case}: DynamoDB calls", tally.calls_to("dynamodb") / thousands, calls)
    yield Figure(f"    {case}: SQS calls", tally.calls_to("sqs") / thousands, messages)
    yield Figure(f"P2  {case}: write units", tally.writes / thousands / 1000, writes)
    yield Figure(f"    {case}: read units", tally.reads / thousands / 1000, reads)


def _rolled_out(scene: Scene, org_id: str, *, mails: bool = False) -> tuple[Tally, float]:
    """What it took, and the thousands of enrollments that it made."""
    scene.forget_enrollments()
    scene.meter.take()
    scene.meter.units = True
    scene.roll_out(org_id, mails=mails)
    scene.meter.units = False
    tally, num_enrolled = scene.meter.take(), len(scene.enrollments())
    if not num_enrolled:
        raise RuntimeError("nobody was enrolled")
    return tally, num_enrolled / 1000


def of_launching(scene: Scene, large_org_id: str) -> Iterator[Figure]:
    """P5: the request alone. The last of the 25 clients is small or large."""
    small = [scene.client(10) for _ in range(_NUM_CLIENTS)]
    for org_ids, learners in ((small, "10 learners each"), ([*small[1:], large_org_id], "one of 10,000 learners")):
        for num_courses in (1, len(scene.course_ids)):
            tally = _launched(scene, org_ids, num_courses)
            case = f"{_NUM_CLIENTS} clients, {learners}, {num_courses} course{'s' * (num_courses > 1)}"
            yield Figure(f"P5  {case}: write or send", tally.num_writing_or_sending, _MAX_WRITES_OF_LAUNCH)
            yield Figure(f"    {case}: read", tally.num_reading, _MAX_READS_OF_LAUNCH)


def _launched(scene: Scene, org_ids: Sequence[str], num_courses: int) -> Tally:
    scene.meter.take()
    scene.launch(org_ids, num_courses)
    scene.meter.sent.clear()
    return scene.meter.take()


def of_time(scene: Scene, org_id: str) -> Iterator[Figure]:
    """P11: medians over rounds in which each way takes its turn, another one first each time."""
    items = _warmed_up(scene, org_id)
    ways = {
        "muster": lambda: _timed_rollout(scene, org_id),
        "bare loop": lambda: baselines.partiql(scene.cloud, items, validated=True),
        "bare loop, validation off": lambda: baselines.partiql(scene.cloud, items, validated=False),
        "BatchWriteItem": lambda: baselines.batch_write(scene.cloud, items),
        "PynamoDB save()": lambda: baselines.saves(scene.cloud, items[:_NUM_SAVES]),
    }
    rounds: dict[str, list[Timed]] = {name: [] for name in ways}
    for turn in range(_NUM_ROUNDS):
        names = list(ways)
        for name in names[turn:] + names[:turn]:
            rounds[name].append(ways[name]())
    cpu = {name: median(one.cpu for one in taken) for name, taken in rounds.items()}
    wall = {name: median(one.wall for one in taken) for name, taken in rounds.items()}
    others = [name for name in ways if name != "muster"]
    yield Figure("P11 client CPU, Muster over bare loop", cpu["muster"] / cpu["bare loop"], 1.5)
    for name in others[1:]:
        yield Figure(f"    client CPU, Muster over {name}", cpu["muster"] / cpu[name])
    for name in others:
        yield Figure(f"    wall time, Muster over {name}", wall["muster"] / wall[name])
    for name in ways:
        yield Figure(f"    on this machine, CPU ms per 1,000: {name}", cpu[name])
        yield Figure(f"    on this machine, wall ms per 1,000: {name}", wall[name])


def _warmed_up(scene: Scene, org_id: str) -> Items:
    """The items that a rollout writes; afterwards everything is imported and connected."""
    scene.forget_enrollments()
    scene.roll_out(org_id)
    return scene.enrollments()


def _timed_rollout(scene: Scene, org_id: str) -> Timed:
    scene.forget_enrollments()
    taken = timed(lambda: scene.roll_out(org_id), NUM_LEARNERS)
    if len(scene.enrollments()) != NUM_LEARNERS:
        raise RuntimeError("not everybody was enrolled")
    return taken


def of_memory() -> Iterator[Figure]:
    for num_members in (25_000, 100_000):
        yield Figure(f"P10 peak of partitioning {num_members:,} recipients, MB", peak_of_partition(num_members))
