"""P6: the MSP's three pages, with ten batches behind them and with ten thousand.

A page is a request. What its caller may do, and which client is meant, are looked up before the page is read: these
point reads and the query for the account's roles are told beside the page's own query.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chalicelib.aws import loading
from chalicelib.core.clock import to_text
from chalicelib.core.ids import new_id
from chalicelib.tenants.access.models import msp_pk
from chalicelib.tenants.organizations.models import NUM_COUNT_SHARDS, Counts, Org, counts_sk, org_sk
from chalicelib.training.batches.models import Batch, Row, batch_pk, batch_sk, batches_pk, row_sk
from chalicelib.training.batches.states import RowStatus
from chalicelib.training.rollouts.schemas import MAX_COURSES
from chalicelib.web.cursor_key import cursor_key
from chalicelib.web.paging import MAX_LIMIT
from tests.bench.figure import Figure
from tests.bench.meter import Tally
from tests.bench.scenario import Scene

_NUMBERS_OF_BATCHES = (10, 10_000)
_ROWS_PER_UNIT = 8
# Longer than most names, though far from the 200 characters that one may have.
_NAME = "Security basics for everybody, winter term"
_DAY = "2027-03-01"


@dataclass(frozen=True)
class Page:
    name: str
    path: str
    rows: str


def of_pages(scene: Scene) -> Iterator[Figure]:
    # Made once in the life of a stage, and read once in that of a function.
    cursor_key()
    tallies: dict[str, list[Tally]] = {}
    for number in _NUMBERS_OF_BATCHES:
        admin, org_id, batch_id = _made(scene, number)
        for page in _pages(org_id, batch_id):
            tally, num_rows = _asked(scene, page, admin)
            tallies.setdefault(page.name, []).append(tally)
            yield from _figures(f"{page.name}, {number:,} batches", tally, num_rows)
    yield _later_dashboard(scene, admin)
    for name, found in tallies.items():
        differing = len({str(sorted(tally.calls.items())) for tally in found}) - 1
        yield Figure(f"P6  {name}: differences in calls, 10 or 10,000 batches", differing, 0)


def _figures(case: str, tally: Tally, num_rows: int) -> Iterator[Figure]:
    own = [query for query in tally.queries if not query.pk.startswith("ACCOUNT#")]
    units = sum(query.units for query in own)
    scans_and_writes = tally.calls["dynamodb.Scan"] + tally.num_writing_or_sending
    yield Figure(f"P6  {case}: queries of the page", len(own), 1)
    yield Figure(f"    {case}: read units per 8 of its {num_rows} rows", units / num_rows * _ROWS_PER_UNIT, 1)
    yield Figure(f"    {case}: scans, writes and sendings", scans_and_writes, 0)
    yield Figure(f"    {case}: other reads (roles, client, batch)", tally.num_reading - len(own))
    yield Figure(f"    {case}: their read units", tally.reads - units)


def _later_dashboard(scene: Scene, admin: str) -> Figure:
    """From the second page on, the totals do not lie beside the clients and are a query of their own."""
    cursor = scene.world.get("/msp/training?limit=50", admin).json["next_cursor"]
    tally, _ = _asked(scene, Page("dashboard", f"/msp/training?limit=50&cursor={cursor}", "items"), admin)
    return Figure("    dashboard, a later page: queries of the page", tally.calls["dynamodb.Query"] - 1)


def _pages(org_id: str, batch_id: str) -> Iterator[Page]:
    yield Page("dashboard", f"/msp/training?limit={MAX_LIMIT}", "items")
    yield Page("a client's batches", f"/msp/training/{org_id}?limit=10", "items")
    yield Page("a batch", f"/msp/training/{org_id}/{batch_id}", "courses")


def _asked(scene: Scene, page: Page, admin: str) -> tuple[Tally, int]:
    scene.meter.take()
    scene.meter.units = True
    answer = scene.world.get(page.path, admin)
    scene.meter.units = False
    tally = scene.meter.take()
    if answer.status != 200:
        raise RuntimeError(f"no {page.name}: {answer.text}")
    return tally, len(answer.json[page.rows])


def _made(scene: Scene, num_batches: int) -> tuple[str, str, str]:
    """An MSP with more clients than a page shows, the first with so many batches, the last of these of 50 courses."""
    world = scene.world
    msp_id = world.msp()
    admin = world.msp_admin(msp_id)
    org_ids = [new_id(world.now) for _ in range(MAX_LIMIT + 1)]
    counted: dict[str, Any] = {
        "num_batches": num_batches,
        "num_courses": 50 * num_batches,
        "num_completed": 40 * num_batches,
    }
    loading.put_all(_org(msp_id, org_id, to_text(world.now), counted) for org_id in org_ids)
    loading.put_all(
        Counts(msp_pk(msp_id), counts_sk(shard), num_courses=100, num_completed=10, num_scheduled=1)
        for shard in range(NUM_COUNT_SHARDS)
    )
    batch_ids = [new_id(world.now + timedelta(seconds=number)) for number in range(num_batches)]
    loading.put_all(_batch(scene, msp_id, org_ids[0], batch_id) for batch_id in batch_ids)
    course_ids = [new_id(world.now) for _ in range(MAX_COURSES)]
    loading.put_all(_row(org_ids[0], batch_ids[-1], course_id) for course_id in course_ids)
    return admin, org_ids[0], batch_ids[-1]


def _org(msp_id: str, org_id: str, created_at: str, counted: dict[str, Any]) -> Org:
    return Org(
        msp_pk(msp_id), org_sk(org_id), org_id=org_id, msp_id=msp_id, name=_NAME, time_zone="America/New_York",
        reply_to="training@acme-industries.example", num_entitled=50, created_at=created_at, **counted,
    )  # fmt: skip


def _batch(scene: Scene, msp_id: str, org_id: str, batch_id: str) -> Batch:
    now = to_text(scene.world.now)
    return Batch(
        batches_pk(org_id), batch_sk(batch_id), batch_id=batch_id, org_id=org_id, msp_id=msp_id,
        rollout_id=new_id(scene.world.now), name=_NAME, num_courses=50, created_by=scene.admin, created_at=now,
        expanded_at=now, schedules_made=True, next_enroll_on=_DAY, num_enrolled=49, num_scheduled=1,
    )  # fmt: skip


def _row(org_id: str, batch_id: str, course_id: str) -> Row:
    return Row(
        batch_pk(org_id, batch_id), row_sk(course_id), course_id=course_id, title=_NAME,
        status=RowStatus.ENROLLED.value, enroll_on=_DAY, enroll_at="2027-03-01T09:00:00Z", due_by=_DAY,
        partition_id=course_id, partition_run=1, sent_run=1, num_chunks=10, num_targeted=10_000, num_enrolled=10_000,
        num_started=5_000, num_completed=4_000, mails="enrollment reminders", open_due={_DAY: 6_000},
    )  # fmt: skip
