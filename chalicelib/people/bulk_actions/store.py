"""Reads and conditional writes of actions on many people."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.aws import table
from chalicelib.aws.table import Action, Write, put_new
from chalicelib.core.clock import to_instant, to_text
from chalicelib.core.paging import Page
from chalicelib.jobs import due
from chalicelib.people.bulk_actions.messages import RunBulkAction
from chalicelib.people.bulk_actions.models import (
    PARTS_PREFIX,
    BulkAction,
    BulkPeople,
    bulk_pk,
    bulk_sk,
    part_sk,
    people_pk,
)
from chalicelib.people.bulk_actions.states import BulkStatus, Code

KEPT_FOR = timedelta(days=90)

# Who is acted on by one message, in some ten seconds at most.
PEOPLE_PER_PART = 25

Results = Sequence[Sequence[str]]
"""Pairs of member and code."""


def job_of(action: BulkAction, at: str) -> RunBulkAction:
    return RunBulkAction(msp_id=action.msp_id, org_id=action.org_id, action_id=action.action_id, due_at=at)


def find(org_id: str, action_id: str, now: datetime) -> BulkAction | None:
    """None once it is over, though TTL deletes late."""
    item = table.get(BulkAction, bulk_pk(org_id), bulk_sk(action_id))
    return item if item is not None and to_instant(item.created_at) + KEPT_FOR > now else None


def find_as_written(action: BulkAction) -> BulkAction | None:
    return table.get(BulkAction, action.pk, action.sk)


def page(org_id: str, limit: int, after: str | None) -> Page[BulkAction]:
    """Newest first."""
    return table.query(
        BulkAction, bulk_pk(org_id), prefix=bulk_sk(""), limit=limit, after=after, newest_first=True, consistent=True
    )


def create(action: BulkAction, now: datetime) -> None:
    """With its due entry. ConditionFailed when an earlier try of the same request made it."""
    action.ttl = int((now + KEPT_FOR).timestamp())
    table.transact([put_new(action), due.write(job_of(action, action.created_at), sent_at=now)])


def create_counted(action: BulkAction, people: Results, now: datetime) -> None:
    """With its people: it is ready. ConditionFailed when an earlier try of the same request made it."""
    action.ttl = int((now + KEPT_FOR).timestamp())
    action.status = BulkStatus.READY.value
    action.num_matching = len(people)
    action.num_reached = sum(code == Code.WAITS for _, code in people)
    action.numbers = _numbers({}, people)
    parts = _parts(action, people)
    action.num_parts = len(parts)
    table.transact([put_new(action), *map(put_new, parts)])


def add_people(action: BulkAction, people: Results, position: str | None) -> None:
    """Whom the next step of counting found; at its end (no position) it is ready.

    ConditionFailed when another delivery counted them.
    """
    parts = _parts(action, people)
    num_reached = sum(code == Code.WAITS for _, code in people)
    actions: list[Action] = [
        BulkAction.num_parts.set(int(action.num_parts) + len(parts)),
        BulkAction.numbers.set(_numbers(action.numbers, people)),
        BulkAction.num_matching.add(len(people)), BulkAction.num_reached.add(num_reached),
        BulkAction.status.set((BulkStatus.READY if position is None else BulkStatus.COUNTING).value),
        BulkAction.position.remove() if position is None else BulkAction.position.set(position),
    ]  # fmt: skip
    unchanged = BulkAction.status == BulkStatus.COUNTING.value
    unchanged &= (
        BulkAction.position.does_not_exist() if action.position is None else (BulkAction.position == action.position)
    )
    writes = [Write("update", _key(action), unchanged, tuple(actions)), *map(put_new, parts)]
    if position is None:
        writes.append(due.done(job_of(action, action.created_at)))
    table.transact(writes)


def run_writes(action: BulkAction, account_id: str, run_id: str, now: datetime) -> list[Write]:
    """ConditionFailed with index 0 when it was run before."""
    actions = (
        BulkAction.status.set(BulkStatus.RUNNING.value), BulkAction.run_by.set(account_id),
        BulkAction.run_at.set(to_text(now)), BulkAction.run_id.set(run_id),
    )  # fmt: skip
    is_ready = BulkAction.status == BulkStatus.READY.value
    return [Write("update", _key(action), is_ready, actions), due.write(job_of(action, to_text(now)), sent_at=now)]


def part(action: BulkAction, number: int) -> BulkPeople | None:
    return table.get(BulkPeople, people_pk(action.org_id, action.action_id), part_sk(number))


def parts(action: BulkAction, first: int, number: int) -> list[Results]:
    """People of so many parts from this one on."""
    pk, after = people_pk(action.org_id, action.action_id), part_sk(first - 1) if first else None
    found = table.query(BulkPeople, pk, prefix=PARTS_PREFIX, limit=number, after=after, consistent=True)
    return [item.results for item in found.items]


def finish_part(action: BulkAction, results: Results, counts: Mapping[bool, int]) -> None:
    """What became of the next part; at the last one the action is done. ConditionFailed when another delivery did it.

    `counts` are of those done, and of those refused.
    """
    number = int(action.parts_done)
    is_last = number + 1 >= int(action.num_parts)
    actions: list[Action] = [
        BulkAction.parts_done.set(number + 1), BulkAction.num_done.add(counts.get(True, 0)),
        BulkAction.num_refused.add(counts.get(False, 0)),
    ]  # fmt: skip
    if is_last:
        actions.append(BulkAction.status.set(BulkStatus.DONE.value))
    is_next = (BulkAction.status == BulkStatus.RUNNING.value) & (BulkAction.parts_done == number)
    key = people_pk(action.org_id, action.action_id), part_sk(number)
    people: Any = BulkPeople(*key, results=[list(pair) for pair in results], ttl=action.ttl)
    writes = [Write("update", _key(action), is_next, tuple(actions)), Write("put", people)]
    if is_last:
        writes.append(due.done(job_of(action, str(action.run_at))))
    table.transact(writes)


def end_empty(action: BulkAction) -> None:
    """Nobody was to be acted on."""
    done = (BulkAction.status.set(BulkStatus.DONE.value),)
    is_running = BulkAction.status == BulkStatus.RUNNING.value
    table.transact([Write("update", _key(action), is_running, done), due.done(job_of(action, str(action.run_at)))])


def _parts(action: BulkAction, people: Results) -> list[BulkPeople]:
    """The next ones."""
    pk, first = people_pk(action.org_id, action.action_id), int(action.num_parts)
    parts = [people[start : start + PEOPLE_PER_PART] for start in range(0, len(people), PEOPLE_PER_PART)]
    return [
        BulkPeople(pk, part_sk(first + number), results=[list(pair) for pair in part], ttl=action.ttl)
        for number, part in enumerate(parts)
    ]


def _numbers(before: Mapping[str, int], people: Results) -> dict[str, int]:
    """Who is left out, by code."""
    numbers = dict(before)
    for _, code in people:
        if code != Code.WAITS:
            numbers[code] = numbers.get(code, 0) + 1
    return numbers


def _key(action: BulkAction) -> BulkAction:
    return BulkAction(action.pk, action.sk)
