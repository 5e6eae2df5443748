"""Advanced search and explanations, for a client of 1,000 people and for one of 20,000, or of 100,000.

A page costs the same whatever the size. What is counted, and whom a filter is for, cost in proportion to the people who
are looked at. An explanation costs some calls, and three for every hundred batches.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from chalicelib.aws import loading
from chalicelib.core.clock import to_text
from chalicelib.core.ids import new_id
from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import Member, member_sk, members_pk
from chalicelib.people.search.schemas import Filter
from chalicelib.people.search.search import Search, criteria_of
from chalicelib.training.batches.models import Batch, Row, batch_pk, batch_sk, batches_pk, row_sk
from tests.bench.figure import Figure
from tests.bench.meter import Tally
from tests.bench.scenario import Scene

SIZES = (1_000, 20_000)
_NUMBERS_OF_BATCHES = (10, 500)

# One in ten of a client is in the group and in the department.
_PART = 10

# A read unit is 8 KB, read eventually consistently; a member takes less than half a KB here.
_UNITS_PER_THOUSAND = 70

# Of 10,000 people, a hundred at a time: some seconds, where a worker has 120.
_CALLS_PER_MESSAGE = 110


def of_searches(scene: Scene, sizes: Sequence[int] = SIZES) -> Iterator[Figure]:
    calls: dict[str, list[int]] = {}
    for size in sizes:
        org_id, filters = _client(scene, size)
        admin = scene.world.org_admin(org_id)
        for name, body in filters.items():
            tally = _asked(scene, "POST", f"/orgs/{org_id}/members/search", admin, body)
            calls.setdefault(name, []).append(tally.num_reading)
            yield Figure(f"    search by {name}, {size:,} people: read units", tally.reads)
            yield Figure(f"    search by {name}, {size:,} people: calls that read", tally.num_reading, 35)
            yield from _counted(scene, name, size)
        yield from _recipients(scene, org_id, size)
    for name, found in calls.items():
        grown = found[-1] - found[0]
        yield Figure(f"    search by {name}: more calls for {sizes[-1]:,} than for {sizes[0]:,} people", grown, 10)


def of_explaining(scene: Scene) -> Iterator[Figure]:
    found = []
    for number in _NUMBERS_OF_BATCHES:
        org_id, _ = _client(scene, 20)
        member_id = scene.world.member(org_id)
        admin, course_id = scene.world.org_admin(org_id), scene.course_ids[0]
        loading.put_all(item for _ in range(number) for item in _batch(scene, org_id, course_id))
        path = f"/orgs/{org_id}/members/{member_id}/explain?course_id={course_id}"
        tally = _asked(scene, "GET", path, admin, None)
        found.append(tally.num_reading)
        yield Figure(f"    explaining one person, {number} batches: calls", tally.calls.total())
        yield Figure(f"    explaining one person, {number} batches: read units", tally.reads)
        yield Figure(
            f"    explaining one person, {number} batches: writes and sendings", tally.num_writing_or_sending, 0
        )
    more = (_NUMBERS_OF_BATCHES[1] - _NUMBERS_OF_BATCHES[0]) / 100
    yield Figure("    explaining one person: more calls for every 100 batches", (found[1] - found[0]) / more, 4.5)


def _counted(scene: Scene, name: str, size: int) -> Iterator[Figure]:
    """What the request left to a job."""
    if not scene.meter.sent:
        return
    num_messages, tally, most = 0, Tally(), 0
    scene.meter.units = True
    while scene.meter.sent:
        num_messages += len(scene.meter.sent)
        scene.meter.take()
        scene.work_one()
        one = scene.meter.take()
        tally, most = tally + one, max(most, one.num_reading)
    scene.meter.units = False
    per_thousand = tally.reads / size * 1_000
    yield Figure(f"    counting by {name}, {size:,} people: most calls of a message", most, _CALLS_PER_MESSAGE)
    yield Figure(f"    counting by {name}, {size:,} people: messages", num_messages, size / 10_000 + 2)
    yield Figure(f"    counting by {name}, {size:,} people: read units per 1,000", per_thousand, _UNITS_PER_THOUSAND)


def _recipients(scene: Scene, org_id: str, size: int) -> Iterator[Figure]:
    """Whoever matches on the date, as the client's job of a batch reads them."""
    scene.meter.take()
    scene.meter.units = True
    criteria = criteria_of(org_id, Filter(fields={"job": ["nurse"]}), None, only_active=True)
    num_found = sum(1 for _ in Search(org_id, criteria).member_ids())
    scene.meter.units = False
    reads = scene.meter.take().reads / size * 1_000
    yield Figure(f"    recipients by a field, {size:,} people: found", num_found, size // 2, is_least=True)
    yield Figure(f"    recipients by a field, {size:,} people: read units per 1,000", reads, _UNITS_PER_THOUSAND)


def _asked(scene: Scene, method: str, path: str, admin: str, body: Any) -> Tally:
    scene.meter.take()
    scene.meter.units = True
    answer = scene.world.request(method, path, as_=admin, body=body)
    scene.meter.units = False
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.text}")
    return scene.meter.take()


def _client(scene: Scene, size: int) -> tuple[str, Mapping[str, dict[str, Any]]]:
    world = scene.world
    org_id = world.org(scene.msp_id, courses=scene.course_ids)
    group_id, department_id = world.group(org_id), world.department(org_id)

    def member(number: int) -> Member:
        member_id = new_id(world.now)
        is_part = number % _PART == 0
        return Member(
            members_pk(org_id), member_sk(member_id), member_id=member_id, status="active",
            email=f"person{number:06}@example.com", first_name="Ann", last_name="Lee",
            group_ids=[group_id] if is_part else [], department_id=department_id if is_part else None,
            fields={"job": "Nurse" if number % 2 else "Cook"}, created_at=to_text(world.now),
        )  # fmt: skip

    members_store.load(scene.msp_id, org_id, map(member, range(size)))
    return org_id, {
        "a group": {"group_ids": [group_id]},
        "a department and a field": {"department_ids": [department_id], "fields": {"job": ["nurse", "cook"]}},
        "the start of an address": {"starts_with": {"email": "person00000"}},
        "a field": {"fields": {"job": ["cook"]}},
        "a field that nobody has": {"fields": {"job": ["pilot"]}},
    }


def _batch(scene: Scene, org_id: str, course_id: str) -> tuple[Batch, Row]:
    scene.world.now += timedelta(seconds=1)
    batch_id, now = new_id(scene.world.now), to_text(scene.world.now)
    batch = Batch(
        batches_pk(org_id), batch_sk(batch_id), batch_id=batch_id, org_id=org_id, msp_id=scene.msp_id,
        rollout_id=batch_id, name="Security basics", num_courses=1, created_by=scene.admin, created_at=now,
        expanded_at=now, schedules_made=True, num_failed=1,
    )  # fmt: skip
    row = Row(
        batch_pk(org_id, batch_id), row_sk(course_id), course_id=course_id, title="Security basics", status="failed",
        code="org_not_ready", enroll_at=now, partition_id=batch_id, partition_run=1,
    )  # fmt: skip
    return batch, row
