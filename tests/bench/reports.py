"""Reports of a client with 5,000 enrollments, and of one with 20,000, or 100,000: a count, and a page.

Files lie in this process's memory here. DynamoDB Local reports no units for PartiQL: each of the partitions that a
statement reads counts by the documented formula, half a unit per 4 KB begun.
"""

import tracemalloc
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil
from typing import Any

from chalicelib.aws import clients, loading
from chalicelib.core.clock import to_text
from chalicelib.core.ids import new_id
from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import Member, member_sk, members_pk
from chalicelib.reporting.reports import kept
from chalicelib.training.batches.models import Enrollment, enrollment_sk, learner_pk
from tests.bench.figure import Figure
from tests.bench.meter import Tally
from tests.bench.scenario import Scene
from tests.bench.units import item_size

# People; each has five courses.
SIZES = (1_000, 4_000)
COURSES_EACH = 5
_DEPARTMENTS = 50
_DAYS = 200

# Of 5,000 people: ten pages of them, a hundred statements of 50, and what is around.
_CALLS_PER_MESSAGE = 125


@dataclass
class _Files:
    """As `aws.files.Files`, of which a count and a page use these."""

    content: dict[str, bytes] = field(default_factory=dict)
    num_read: int = 0
    num_written: int = 0

    def read(self, key: str) -> bytes | None:
        self.num_read += 1
        return self.content.get(key)

    def write(self, key: str, pieces: Iterable[bytes], content_type: str) -> None:
        self.num_written += 1
        self.content[key] = b"".join(pieces)

    def write_once(self, key: str, content: bytes) -> bool:
        self.num_written += 1
        return self.content.setdefault(key, content) is content


def of_reports(scene: Scene, sizes: Sequence[int] = SIZES) -> Iterator[Figure]:
    largest: list[float] = []
    with _in_memory() as files:
        for size in sizes:
            org_id = people_with_courses(scene, size)
            yield from _counting(scene, files, org_id, size, largest)
            yield from _page(scene, files, org_id, size)
    grown = largest[-1] / largest[0]
    more = f"{sizes[-1] * COURSES_EACH:,} enrollments over {sizes[0] * COURSES_EACH:,}"
    yield Figure(f"    report: most memory of a message, {more}", grown, 4)


def _counting(scene: Scene, files: _Files, org_id: str, size: int, largest: list[float]) -> Iterator[Figure]:
    name = f"    report, {size * COURSES_EACH:,} enrollments"
    scene.meter.take()
    scene.world.post(f"/orgs/{org_id}/reports/refresh", scene.admin)
    num_messages, tally, most, held, statements = 0, Tally(), 0, 0.0, 0.0
    files.num_read = files.num_written = 0
    scene.meter.units = True
    while scene.meter.sent:
        num_messages += 1
        scene.meter.take()
        tracemalloc.start()
        with _statements() as units:
            scene.work_one()
        held = max(held, tracemalloc.get_traced_memory()[1] / 1e6)
        tracemalloc.stop()
        one = scene.meter.take()
        tally, most, statements = tally + one, max(most, one.calls.total()), statements + sum(units)
    scene.meter.units = False
    largest.append(held)
    per_enrollment = 1 / (size * COURSES_EACH)
    yield Figure(f"{name}: messages", num_messages, size / 5_000 + 1)
    yield Figure(f"{name}: most calls of a message", most, _CALLS_PER_MESSAGE)
    yield Figure(f"{name}: read units per enrollment", (tally.reads + statements) * per_enrollment, 0.15)
    yield Figure(f"{name}: write units per enrollment", tally.writes * per_enrollment, 0.005)
    yield Figure(f"{name}: files written and read", files.num_written + files.num_read, 40)
    yield Figure(f"{name}: most memory held by a message, MB", held, 20)


def _page(scene: Scene, files: _Files, org_id: str, size: int) -> Iterator[Figure]:
    name = f"    page of a report, {size * COURSES_EACH:,} enrollments"
    for kind in ("courses", "departments"):
        scene.meter.take()
        files.num_read = files.num_written = 0
        answer = scene.world.get(f"/orgs/{org_id}/reports/{kind}?from=2027-01-01", scene.admin)
        if answer.json["totals"]["num_enrolled"] != size * COURSES_EACH:
            raise RuntimeError(answer.text[:500])
        yield Figure(f"{name} by {kind}: calls of DynamoDB", scene.meter.take().calls.total(), 3)
        yield Figure(f"{name} by {kind}: files", files.num_read + files.num_written, 2)
        yield Figure(f"{name} by {kind}: KB of the answer", len(answer.text) / 1e3, 100)


@contextmanager
def _in_memory() -> Iterator[_Files]:
    files, own = _Files(), kept.files
    kept.files = lambda: files  # type: ignore[assignment,return-value]
    try:
        yield files
    finally:
        kept.files = own


@contextmanager
def _statements() -> Iterator[list[float]]:
    """Read units of each PartiQL statement within the block."""
    units: list[float] = []

    def after(parsed: dict[str, Any], **_: Any) -> None:
        sizes: dict[str, int] = defaultdict(int)
        for item in parsed["Items"]:
            sizes[item["pk"]["S"]] += item_size(item)
        units.append(sum(0.5 * ceil(size / 4096) for size in sizes.values()))

    events: Any = clients.client("dynamodb").meta.events
    events.register("after-call.dynamodb.ExecuteStatement", after)
    try:
        yield units
    finally:
        events.unregister("after-call.dynamodb.ExecuteStatement", after)


def people_with_courses(scene: Scene, size: int) -> str:
    """Everybody in a department, with five courses, of which they have completed two, over 200 days."""
    world = scene.world
    org_id = world.org(scene.msp_id, courses=scene.course_ids)
    departments = [world.department(org_id) for _ in range(_DEPARTMENTS)]
    ids = [new_id(world.now) for _ in range(size)]
    members_store.load(
        scene.msp_id,
        org_id,
        (
            Member(
                members_pk(org_id), member_sk(member_id), member_id=member_id, status="active", first_name="Ann",
                last_name="Lee", department_id=departments[number % _DEPARTMENTS], created_at=to_text(world.now),
            )
            for number, member_id in enumerate(ids)
        ),
    )  # fmt: skip
    loading.put_all(
        _enrollment(scene, org_id, member_id, number) for member_id in ids for number in range(COURSES_EACH)
    )
    return org_id


def _enrollment(scene: Scene, org_id: str, member_id: str, number: int) -> Enrollment:
    day = sum(map(ord, member_id)) * 7 % _DAYS
    at = to_text(scene.world.now + timedelta(days=day))
    is_completed = number < 2
    return Enrollment(
        learner_pk(org_id, member_id), enrollment_sk(scene.course_ids[number]), row_shard=None, batch_id=org_id,
        status="completed" if is_completed else "enrolled", enrolled_at=to_text(scene.world.now), due_by="2027-06-01",
        started_at=at if is_completed else None, completed_at=at if is_completed else None,
    )  # fmt: skip
