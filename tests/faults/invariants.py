"""What must be true of the tables as a whole, whatever happened before, read from a dump.

`problems(world)` names everything that is wrong. With `quiet=False` it leaves out what holds only once nothing is in
flight any more: no message, no overdue entry, no request without its answer.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from chalicelib.core.ids import derived_id, shard_of
from chalicelib.tenants.audit.chains import Chains
from chalicelib.tenants.audit.models import AuditRecord
from chalicelib.training.batches.models import NUM_ROW_SHARDS, bounds_of, row_shard
from chalicelib.training.batches.states import LIVE, RETRYABLE, Outcome, RowStatus, dashboard_column, outcome_of
from tests.faults.known_ends import known_ends
from tests.faults.tables import Item, RowKey, Tables
from tests.harness import World

_COUNTS_OF_CHUNK = ("num_targeted", "num_enrolled", "num_already", "num_skipped", "num_failed")


def problems(world: World, *, quiet: bool = True) -> list[str]:
    """Everything that is wrong in the tables, in sentences; empty when nothing is."""
    return known_ends.seen(world, f"problems {quiet}", lambda: problems_in(Tables.of(world), quiet=quiet))


def problems_in(tables: Tables, *, quiet: bool = True) -> list[str]:
    found = [
        *_batches(tables),
        *_counters(tables),
        *_audit(tables),
        *_rows(tables, quiet),
        *_chunks(tables),
        *_learners(tables, quiet),
        *_rollouts(tables, quiet),
    ]
    return found + ([*_seats(tables), *_loose_ends(tables)] if quiet else [])


def _differ(what: str, name: str, actual: Any, expected: Any) -> Iterator[str]:
    if actual != expected:
        yield f"{what}: {name} is {actual} and should be {expected}"


def _batches(tables: Tables) -> Iterator[str]:
    """A batch says how many of its rows are in each status, and when the next of them comes."""
    for (org_id, batch_id), batch in tables.batches.items():
        rows, what = tables.rows_of(org_id, batch_id), f"batch {batch_id}"
        yield from _differ(what, "number of rows", len(rows), batch["num_courses"] if "expanded_at" in batch else 0)
        by_status = Counter(row["status"] for row in rows)
        for status in RowStatus:
            yield from _differ(what, f"num_{status}", batch[f"num_{status}"], by_status[status])
        later = [row for row in rows if row["status"] == "scheduled" and row["enroll_at"] > tables.now]
        first = min(later, key=lambda row: row["enroll_at"], default=None)
        if first is not None:
            yield from _differ(what, "next_enroll_on", batch.get("next_enroll_on"), first["enroll_on"])
    for org_id, batch_id, course_id in [*tables.rows, *tables.chunks]:
        if (org_id, batch_id) not in tables.batches:
            yield f"row or chunk of course {course_id} without its batch {batch_id}"


def _counters(tables: Tables) -> Iterator[str]:
    """The dashboard's numbers are the rows', counted."""
    totals: dict[str, Counter[str]] = defaultdict(Counter)
    for org_id, org in tables.orgs.items():
        counted: Counter[str] = Counter()
        for key in (key for key in tables.rows if key[0] == org_id):
            tally = dashboard_column(RowStatus(tables.rows[key]["status"]))
            counted.update({"num_courses": 1, tally.value: 1} if tally else {})
        expanded = [b for (owner, _), b in tables.batches.items() if owner == org_id and "expanded_at" in b]
        counted["num_batches"] = len(expanded)
        for name in ("num_batches", "num_courses", "num_completed", "num_scheduled", "num_failed"):
            yield from _differ(f"client {org_id}", name, org[name], counted[name])
        totals[org["msp_id"]].update(counted)
    for msp_id, counted in totals.items():
        for name in ("num_courses", "num_completed", "num_scheduled"):
            yield from _differ(f"totals of {msp_id}", name, tables.totals[msp_id][name], counted[name])


def _audit(tables: Tables) -> Iterator[str]:
    """Chains are whole, and each launch and each retry has one entry."""
    audited: Counter[tuple[str, str]] = Counter()
    for pk, entries in tables.audit.items():
        chains = Chains()
        for raw in entries:
            entry = AuditRecord(**raw)
            yield from (f"{pk}: {one!r}" for one in chains.follow(entry))
            audited[entry.action, entry.target] += 1
    expected: Counter[tuple[str, str]] = Counter()
    for (_, batch_id), batch in tables.batches.items():
        expected["batch.launched", f"batch/{batch_id}"] += "expanded_at" in batch and "group_id" not in batch
    for (_, batch_id, course_id), row in tables.rows.items():
        expected["course.retried", f"batch/{batch_id}/course/{course_id}"] += int(row["run"]) - 1
    for key in {*audited, *expected}:
        if key[0] in ("batch.launched", "course.retried"):
            yield from _differ(f"audit of {key[1]}", key[0], audited[key], expected[key])


def _rows(tables: Tables, quiet: bool) -> Iterator[str]:
    """A row's numbers are the sums of its chunks' numbers, and its status follows from them."""
    for key, row in tables.rows.items():
        what = f"row {key[1]}/{key[2]}"
        if "group_id" in row:
            yield from _group_row(tables, key, row, what)
            continue
        if "partition_id" not in row:
            yield from _differ(what, "chunks without a partition", len(tables.chunks.get(key, {})), 0)
            continue
        partition = tables.partitions.get((key[0], key[1], row["partition_id"]))
        if partition is None:
            yield f"{what}: its partition is missing"
            continue
        sums: Counter[str] = Counter()
        for chunk, size in enumerate(partition["sizes"]):
            result = tables.chunks[key].get(chunk)
            sums.update({"num_targeted": int(size)} if result is None else _numbers(result))
        for name in _COUNTS_OF_CHUNK:
            yield from _differ(what, name, row[name], sums[name])
        yield from _differ(
            what, "chunks beyond the partition", max(tables.chunks[key], default=-1) >= len(partition["sizes"]), False
        )
        if row["status"] == "enrolling" or (quiet and row["status"] in ("enrolled", "partial")):
            left = _chunks_left(row, tables.chunks[key], len(partition["sizes"]))
            yield from _differ(what, "chunks_left", row["chunks_left"], left)
        if quiet and row["status"] in ("enrolled", "partial"):
            yield from _differ(what, "chunks_left", row["chunks_left"], 0)
            failed = "partial" if row["num_failed"] else "enrolled"
            yield from _differ(what, "status", row["status"], failed)
        if row["status"] in RETRYABLE and "code" not in row:
            yield f"{what}: {row['status']} without a code"


def _group_row(tables: Tables, key: RowKey, row: Item, what: str) -> Iterator[str]:
    """A group's row has no chunks: its numbers are those of its enrollments, and of the results that say why not."""
    results = tables.not_enrolled[key]
    sums = Counter({"num_enrolled": len(tables.enrollments[key]), "num_targeted": len(tables.enrollments[key])})
    enrolled = {member_id for member_id, item in tables.enrollments[key] if item["status"] != "cancelled"}
    for member_id, result in results.items():
        sums.update(_numbers(result))
        ((code, member_ids),) = json.loads(result["member_ids_by_code"]).items()
        by_outcome = {Outcome.FAILED: "num_failed", Outcome.ALREADY_ENROLLED: "num_already"}
        name = by_outcome.get(outcome_of(code), "num_skipped")
        yield from _differ(f"{what}: {member_id}", "who is named", member_ids, [member_id])
        yield from _differ(f"{what}: {member_id}", name, result[name], 1)
        yield from _differ(f"{what}: {member_id}", "enrolled beside a reason why not", member_id in enrolled, False)
    for name in _COUNTS_OF_CHUNK:
        yield from _differ(what, name, row[name], sums[name])
    if row["status"] != "cancelled":
        yield from _differ(what, "status", row["status"], "partial" if row["num_failed"] else "enrolled")
        yield from _differ(what, "code", row.get("code"), "some_failed" if row["num_failed"] else None)


def _numbers(result: Item) -> dict[str, int]:
    return {name: int(result[name]) for name in _COUNTS_OF_CHUNK}


def _chunks_left(row: Item, results: dict[int, Item], num_chunks: int) -> int:
    """Chunks that this run of the row still waits for."""
    return sum(
        chunk not in results or bool(results[chunk]["run"] < row["run"] and results[chunk]["num_failed"])
        for chunk in range(num_chunks)
    )


def _chunks(tables: Tables) -> Iterator[str]:
    """A chunk counts the people it names: each once, each in its range, and none of them enrolled by this batch."""
    for key, results in tables.chunks.items():
        row = tables.rows.get(key, {})
        enrolled = {member_id for member_id, _ in tables.enrollments[key]}
        for chunk, result in results.items():
            what = f"chunk {chunk} of {key[1]}/{key[2]}"
            by_code: dict[str, list[str]] = json.loads(result["member_ids_by_code"])
            by_outcome = Counter(outcome_of(code) for code, ids in by_code.items() for _ in ids)
            named = [member_id for ids in by_code.values() for member_id in ids]
            yield from _differ(what, "num_already", result["num_already"], by_outcome[Outcome.ALREADY_ENROLLED])
            yield from _differ(what, "num_skipped", result["num_skipped"], by_outcome[Outcome.ALREADY_COMPLETED])
            yield from _differ(what, "num_failed", result["num_failed"], by_outcome[Outcome.FAILED])
            yield from _differ(what, "num_targeted", result["num_targeted"], result["num_enrolled"] + len(named))
            yield from _differ(what, "people named", len(set(named)), len(named))
            yield from _differ(what, "run past the row's", result["run"] > row.get("run", 0), False)
            yield from _differ(what, "people named who are enrolled by it", sorted(enrolled & set(named)), [])
            for member_id in named:
                yield from _differ(what, f"place of {member_id}", _chunk_of(tables, key, row, member_id), chunk)


def _chunk_of(tables: Tables, key: RowKey, row: Item, member_id: str) -> int:
    bounds = tables.partitions[key[0], key[1], row["partition_id"]]["bounds"]
    for chunk in range(len(bounds)):
        after, until = bounds_of(bounds, chunk)
        if member_id > after and (until is None or member_id <= until):
            return chunk
    return -1


def _learners(tables: Tables, quiet: bool) -> Iterator[str]:
    """Enrollments are those that the rows count, each stamped with its row and chunk; progress is counted once."""
    for key in tables.enrollments:
        if key[1] and key not in tables.rows:
            yield f"enrollments of {key[1]}/{key[2]} without their row"
    for key, row in tables.rows.items():
        what, items = f"row {key[1]}/{key[2]}", tables.enrollments[key]
        # Who left a group and joined it again has an earlier enrollment of the same row.
        counted = [member_id for member_id, item in items if "group_id" not in row or item["status"] != "cancelled"]
        twice = [member_id for member_id, num in Counter(counted).items() if num > 1]
        yield from _differ(what, "learners enrolled twice", twice, [])
        if quiet or row["num_enrolled"] > len(items):
            yield from _differ(what, "num_enrolled", row["num_enrolled"], len(items))
        # What archived learners had begun counts on the row as withdrawn.
        counting = [item for _, item in items if "left_at" not in item]
        yield from _differ(what, "num_started", row["num_started"], sum(map(_is_started, counting)))
        completed = [item for item in counting if item["status"] == "completed"]
        yield from _differ(what, "num_completed", row["num_completed"], len(completed))
        open_due = Counter(item["due_by"] for item in counting if item["status"] in LIVE and "due_by" in item)
        if quiet:
            withdrawn = sum(item["status"] == "cancelled" or "left_at" in item for _, item in items)
            yield from _differ(what, "num_withdrawn", row["num_withdrawn"], withdrawn)
            stored = {day: num for day, num in row["open_due"].items() if num}
            yield from _differ(what, "open_due", stored, dict(open_due))
        for member_id, item in items:
            shard = shard_of(member_id, min(int(row["num_chunks"]), NUM_ROW_SHARDS))
            yield from _differ(what, f"shard of {member_id}", item["row_shard"], row_shard(*key, shard))
            if "#HISTORY#" in item["sk"] and item["status"] not in ("completed", "cancelled"):
                yield f"{what}: {member_id} has a live enrollment in history"


def _is_started(item: Item) -> bool:
    """What an admin cancelled while it was in progress counts as withdrawn."""
    return "started_at" in item and item["status"] != "cancelled"


def _seats(tables: Tables) -> Iterator[str]:
    """A seat is taken by every enrollment of a batch, or of progress carried over, that was not withdrawn."""
    taken: Counter[tuple[str, str]] = Counter()
    for (org_id, batch_id, course_id), items in tables.enrollments.items():
        held = [item for _, item in items if batch_id or "carried_at" in item]
        taken[org_id, course_id] += sum(item["status"] != "cancelled" for item in held)
    for key in {*taken, *tables.seats}:
        yield from _differ(f"seats of {key[1]} at {key[0]}", "taken", tables.seats.get(key, 0), taken[key])


def _rollouts(tables: Tables, quiet: bool) -> Iterator[str]:
    """A client's result is ok exactly when its batch exists."""
    for rollout_id, header in tables.headers.items():
        what, results = f"rollout {rollout_id}", json.loads(tables.specs[rollout_id]["results"])
        yield from _differ(what, "num_ok", header["num_ok"], sum(result["ok"] is True for result in results))
        yield from _differ(what, "num_failed", header["num_failed"], sum(result["ok"] is False for result in results))
        for result in results:
            batch_id = derived_id(rollout_id, result["org_id"])
            exists = (result["org_id"], batch_id) in tables.batches
            if quiet or result["ok"]:
                yield from _differ(what, f"ok of {result['org_id']}", result["ok"], exists)
                yield from _differ(what, "batch_id", result["batch_id"], batch_id if exists else None)
                yield from _differ(what, "error", result["error"] is not None, not exists)
        if quiet:
            yield from _differ(what, "state", header["state"], "launched")
    for (_, batch_id), batch in tables.batches.items():
        if batch["rollout_id"] not in tables.headers and "group_id" not in batch:
            yield f"batch {batch_id} without its rollout"


def _loose_ends(tables: Tables) -> Iterator[str]:
    """Once all is quiet, nothing is half done, and there are due entries for later instants and for nothing else."""
    instants: dict[str, set[str]] = defaultdict(set)
    for (_, batch_id, course_id), row in tables.rows.items():
        if row["status"] == "enrolling" or (row["status"] == "scheduled" and row["enroll_at"] <= tables.now):
            yield f"row {batch_id}/{course_id} is still {row['status']}"
        if row["status"] == "scheduled":
            instants[batch_id].add(row["enroll_at"])
    for (_, batch_id), batch in tables.batches.items():
        if "expanded_at" not in batch:
            yield f"rows of batch {batch_id} were not created"
        if not instants[batch_id] and "next_enroll_on" in batch:
            yield f"batch {batch_id} has a next date and nothing to come"
    entered: dict[str, set[str]] = defaultdict(set)
    for due in tables.dues:
        instant, _, target = due["sk"].split("#", 2)
        # One for a date that rows do not have any more does no harm, and goes when the date comes.
        if instant <= tables.now:
            yield f"a due entry is left over: {due['sk']}"
        entered[target].add(instant)
    for batch_id, scheduled in instants.items():
        if scheduled and min(scheduled) not in entered[batch_id]:
            yield f"batch {batch_id} has no due entry for {min(scheduled)}"
