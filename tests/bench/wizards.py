"""An organization's own wizard, by who is limited to departments, for a client of 1,000 people and for one of 20,000,
or of 100,000.

A page costs the same whatever the size. Whom a batch for departments reaches costs in proportion to all people of the
client, of whom keys and departments only are read.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from chalicelib.core.clock import to_text
from chalicelib.core.ids import new_id
from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import Member, member_sk, members_pk
from chalicelib.training.batches.recipients import member_ids, recipients_of
from chalicelib.training.batches.schemas import Targeting
from tests.bench.figure import Figure
from tests.bench.meter import Tally
from tests.bench.scenario import Scene

SIZES = (1_000, 20_000)
_NUM_DEPARTMENTS = 100

# A read unit is 8 KB, read eventually consistently; an entry of a roster takes 130 bytes.
_UNITS_PER_THOUSAND = 20


def of_wizards(scene: Scene, sizes: Sequence[int] = SIZES) -> Iterator[Figure]:
    calls: dict[str, list[int]] = {}
    for size in sizes:
        org_id, department_ids = _client(scene, size)
        head = scene.world.org_admin(org_id, role="department_admin", department_ids=department_ids[:1])
        body = {"name": "Ours", "courses": [{"course_id": scene.course_ids[0]}], "targeting": {"mode": "all"}}
        for what, method, rest, form in (
            ("launching", "POST", "training/enrollment", body),
            ("the list of batches", "GET", "training", None),
            ("the list of courses", "GET", "courses", None),
        ):
            tally = _asked(scene, method, f"/orgs/{org_id}/{rest}", head, form)
            scene.meter.sent.clear()
            calls.setdefault(what, []).append(tally.calls.total())
            yield Figure(f"    {what} in a department, {size:,} people: calls", tally.calls.total(), 9)
            yield Figure(f"    {what} in a department, {size:,} people: read units", tally.reads)
        yield from _recipients(scene, org_id, department_ids[:50], size)
        yield from _numbers(scene, org_id, department_ids, size)
    for what, found in calls.items():
        yield Figure(f"    {what} in a department: more calls for {sizes[-1]:,} people", found[-1] - found[0], 0)


def _recipients(scene: Scene, org_id: str, department_ids: list[str], size: int) -> Iterator[Figure]:
    """As the client's job reads them, for 50 departments that hold half of the people."""
    scene.meter.take()
    scene.meter.units = True
    num_found = sum(1 for _ in member_ids(recipients_of(Targeting(), org_id, departments=department_ids)))
    scene.meter.units = False
    tally = scene.meter.take()
    yield Figure(f"    recipients in 50 departments, {size:,} people: found", num_found, size // 2, is_least=True)
    yield Figure(f"    recipients in 50 departments, {size:,} people: calls", tally.calls.total(), 1 + size / 5_000)
    per_thousand = tally.reads / size * 1_000
    yield Figure(
        f"    recipients in 50 departments, {size:,} people: read units per 1,000", per_thousand, _UNITS_PER_THOUSAND
    )


def _numbers(scene: Scene, org_id: str, department_ids: list[str], size: int) -> Iterator[Figure]:
    """The page of a batch for a tenth of the people, whose numbers are counted from those who are theirs now."""
    tenth = department_ids[: len(department_ids) // 10]
    head = scene.world.org_admin(org_id, role="department_admin", department_ids=tenth)
    body = {"name": "Ours", "courses": [{"course_id": scene.course_ids[1]}], "targeting": {"mode": "all"}}
    _asked(scene, "POST", f"/orgs/{org_id}/training/enrollment", head, body)
    batch_id = next(reversed(scene.meter.sent))["batch_id"]
    scene.work()
    tally = _asked(scene, "GET", f"/orgs/{org_id}/training/{batch_id}", head, None)
    learners = size // 10
    yield Figure(f"    a batch of {learners:,} of {size:,} people: calls", tally.calls.total(), 14 + size / 3_000)
    yield Figure(f"    a batch of {learners:,} of {size:,} people: read units", tally.reads)


def _asked(scene: Scene, method: str, path: str, admin: str, body: Any) -> Tally:
    scene.meter.take()
    scene.meter.units = True
    headers = {"Idempotency-Key": new_id(scene.world.now)}
    answer = scene.world.request(method, path, as_=admin, body=body, headers=headers)
    scene.meter.units = False
    if answer.status not in (200, 202):
        raise RuntimeError(f"{path}: {answer.text}")
    return scene.meter.take()


def _client(scene: Scene, size: int) -> tuple[str, list[str]]:
    world = scene.world
    org_id = world.org(scene.msp_id, courses=scene.course_ids)
    department_ids = [world.department(org_id) for _ in range(_NUM_DEPARTMENTS)]

    def member(number: int) -> Member:
        member_id = new_id(world.now)
        return Member(
            members_pk(org_id), member_sk(member_id), member_id=member_id, status="active",
            department_id=department_ids[number % _NUM_DEPARTMENTS], created_at=to_text(world.now),
        )  # fmt: skip

    members_store.load(scene.msp_id, org_id, map(member, range(size)))
    return org_id, department_ids
