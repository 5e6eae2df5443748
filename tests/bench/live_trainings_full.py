"""The most that one request enrolls: 10,000 people, 20 trainings. Each is reached exactly once.

Every tenth message comes a second time at the end, of chunks as if the worker had died before it kept their results.
"""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.training.sessions import participant_store
from chalicelib.training.sessions.models import EnrollResult, enroll_pk, result_sk
from tests.bench.figure import Figure
from tests.bench.live_trainings import Client
from tests.bench.scenario import Scene

# People and trainings.
SIZES = {"many trainings": (500, 20), "many people": (10_000, 4), "most": (10_000, 20)}
# Asking for units takes time, of each item that is written: of every so many chunks, beginning with the first.
_METERED = 40
# Every so many messages come once more at the end.
_AGAIN = 10
_PER_PAGE = 100
_CHUNK = "enroll_people_chunk"
_MOST_CALLS, _MOST_WRITES, _MOST_READS = 1.0, 10.0, 4.5
# At 40 ms a call, five in one invocation are within half of the two minutes that a worker has.
_MOST_OF_A_MESSAGE = 250


@dataclass
class _Work:
    """What the messages of one request did."""

    kinds: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    writes: float = 0
    reads: float = 0
    num_metered: int = 0
    most_calls: int = 0
    again: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0


def of_sizes(scene: Scene, *names: str) -> Iterator[Figure]:
    for name in names:
        num_people, num_trainings = SIZES[name]
        yield from _of_size(scene, num_people, num_trainings)


def _of_size(scene: Scene, num_people: int, num_trainings: int) -> Iterator[Figure]:
    client = Client(scene)
    people = scene.world.members(client.org_id, num_people, named=True)
    items = [client.session() for _ in range(num_trainings)]
    number = num_people * num_trainings
    num_mails = scene.num_mails()
    scene.meter.take()
    body = {"member_ids": people, "items": items}
    enroll_id = client.ask("POST", f"/orgs/{client.org_id}/trainings/enroll", body)["enroll_id"]
    request = scene.meter.take()
    work = _worked(scene)
    _refuse_unless_all(client, enroll_id, items, people)
    if scene.num_mails() - num_mails != number:
        raise RuntimeError("not everybody has one mail about each training")
    scene.meter.take()
    _again(scene, work)
    _refuse_unless_all(client, enroll_id, items, people)
    if scene.num_mails() - num_mails != number:
        raise RuntimeError("a message that came again made mails")
    calls = work.calls.total() / number
    per_message = _participants_per_message(num_people, num_trainings)
    metered = work.num_metered * per_message
    yield Figure(f"{num_people:,} people in {num_trainings} trainings: calls of the request", request.calls.total())
    yield Figure("    participants who are invited, and have one mail each", number, number, is_least=True)
    yield Figure("    calls per participant", calls, _MOST_CALLS)
    yield Figure("    write units per participant", work.writes / metered, _MOST_WRITES)
    yield Figure("    read units per participant", work.reads / metered, _MOST_READS)
    yield Figure("    messages", work.kinds.total())
    yield Figure("    most calls of one message", work.most_calls, _MOST_OF_A_MESSAGE)
    yield Figure("    messages that came again, and changed nothing", len(work.again))
    yield Figure("    minutes here", work.seconds / 60)


def _worked(scene: Scene) -> _Work:
    work, started, num_chunks = _Work(), time.monotonic(), 0
    while scene.meter.sent:
        message = scene.meter.sent[0]
        is_chunk = message["job"] == _CHUNK
        is_metered = is_chunk and num_chunks % _METERED == 0
        num_chunks += is_chunk
        if is_chunk and num_chunks % _METERED == 0:
            print(f"{num_chunks} chunks in {(time.monotonic() - started) / 60:.1f} minutes", file=sys.stderr)
        work.kinds[message["job"]] += 1
        if work.kinds.total() % _AGAIN == 0:
            work.again.append(message)
        scene.meter.units = is_metered
        scene.work_one()
        tally = scene.meter.take()
        work.calls += tally.calls
        work.most_calls = max(work.most_calls, tally.calls.total())
        if is_metered:
            work.num_metered += 1
            work.writes += tally.writes
            work.reads += tally.reads
    scene.meter.units = False
    work.seconds = time.monotonic() - started
    return work


def _again(scene: Scene, work: _Work) -> None:
    for message in work.again:
        if message["job"] == _CHUNK:
            key = enroll_pk(message["org_id"], message["enroll_id"]), result_sk(message["chunk"])
            table.transact([Write("delete", EnrollResult(*key), EnrollResult.pk.exists())])
    scene.meter.sent.extend(work.again)
    scene.work()


def _participants_per_message(num_people: int, num_trainings: int) -> int:
    chunk_size = 25
    if num_people % chunk_size:
        raise ValueError("chunks have to be full")
    return chunk_size * num_trainings


def _refuse_unless_all(client: Client, enroll_id: str, items: list[dict[str, str]], people: list[str]) -> None:
    """Each person is invited once to each session, by the results and by the sessions' own people and counters."""
    wanted = {(member_id, item["session_id"]) for member_id in people for item in items}
    results: Counter[tuple[str, str]] = Counter()
    path = f"/orgs/{client.org_id}/trainings/enroll/{enroll_id}?limit={_PER_PAGE}"
    for page in _pages(client, path):
        results.update((row["member_id"], row["session_id"]) for row in page["items"] if row["result"] == "invited")
        if page["status"] != "done":
            raise RuntimeError("the request has not ended")
    if results.keys() != wanted or set(results.values()) != {1}:
        raise RuntimeError("not everybody is invited once, by the results")
    for item in items:
        base = f"/orgs/{client.org_id}/trainings/{item['training_id']}"
        if client.ask("GET", f"{base}/sessions/{item['session_id']}")["num_taken"] != len(people):
            raise RuntimeError("the places that are taken are not those of the people")
        if _told(client, item["session_id"]) != dict.fromkeys(people, (0, 0)):
            raise RuntimeError("the session's people are not those who were chosen, each told once")


def _told(client: Client, session_id: str) -> dict[str, tuple[int | None, int | None]]:
    """By member, SEQUENCE of the first and of the latest that they were told."""
    told, after = {}, None
    while True:
        page = participant_store.participants(client.org_id, session_id, 1000, after)
        told |= {one.member_id: (one.first_told, one.told_sequence) for one in page.items}
        after = page.next_position
        if after is None:
            return told


def _pages(client: Client, path: str) -> Iterator[dict[str, Any]]:
    cursor = None
    while True:
        page = client.ask("GET", path + (f"&cursor={cursor}" if cursor else ""))
        yield page
        cursor = page["next_cursor"]
        if cursor is None:
            return
