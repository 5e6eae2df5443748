"""Scenarios: something is about to happen. What the rows are afterwards, and the AWS calls that it makes.

A new AWS call is a new entry here, and its faults are tested with it: tests compare the calls with these lists.
"""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from chalicelib.training.batches import reconcile
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.harness import FaultHarness, Rows, enrolled
from tests.faults.kinds import (
    DELETE,
    GET,
    GET_MANY,
    INSERT,
    KILLED_AFTER,
    KILLED_BEFORE,
    PUT,
    QUERY,
    SCHEDULE,
    SEND,
    TRANSACT,
    UPDATE,
    Refusal,
)
from tests.faults.snapshots import built_once

DUE = "2087-02-01"

# ------------------------------------------------------------ launches: three clients, two of them a call

LAUNCH = [QUERY, GET, GET_MANY, TRANSACT, INSERT, INSERT, SEND, SEND, TRANSACT]

# The calls after which the submission is saved, and after which its batches are.
SAVED_BY, WRITTEN_BY = 4, 6

FINISH_FROM_NOTHING = [GET_MANY, GET_MANY, GET_MANY, INSERT, INSERT, SEND, SEND, TRANSACT]
FINISH_FROM_BATCHES = [GET_MANY, GET_MANY, GET_MANY, INSERT, INSERT, GET_MANY, SEND, SEND, TRANSACT]

RETRY_CLIENTS = [QUERY, GET, PUT, GET_MANY, TRANSACT, GET_MANY, GET_MANY, INSERT, SEND, SEND, TRANSACT, UPDATE]
REOPENED_BY = 5


@built_once
def launching(play: FaultHarness, key: str = "launch") -> tuple[Request, Rows]:
    """The request, and the rows in the end: one person at the first client, nobody at the others."""
    course = play.course()
    org_ids = [play.client(number, [course]) for number in (1, 0, 0)]
    rows: Rows = {(org_id, course): [enrolled(len(play.people[org_id]))] for org_id in org_ids}
    return replace(play.launching(org_ids, [{"course_id": course, "due_by": DUE}]), key=key), rows


def interrupted_launch(play: FaultHarness, died_at: int, key: str = "launch") -> Rows:
    """Its process died after call `died_at`, and the request is not sent again. Gives the rows in the end."""
    request, rows = launching(play, key)
    with play.injector.fault(died_at, KILLED_AFTER):
        assert play.outside.ask(request) is None
    return rows


@built_once
def finishing_launch(play: FaultHarness, died_at: int) -> tuple[Delivery, Rows]:
    """The message that finishes an interrupted launch, sent by the sweep."""
    rows = interrupted_launch(play, died_at)
    play.outside.wait_for_sweep()
    return play.outside.take_one(job="launch"), rows


@built_once
def failed_clients(play: FaultHarness) -> tuple[Request, Request, Rows]:
    """A launch that failed for two clients, the request that launches them again, and the rows after it."""
    first, rows = launching(play)
    org_ids = list(first.body["org_ids"])
    with play.injector.fault(0, bad(org_ids[1:])):
        answer = play.ask(first)
    assert [result["ok"] for result in answer.json["results"]] == [True, False, False]
    play.outside.until_quiet()
    play.assert_true(dict([next(iter(rows.items()))]))
    path = f"/msp/rollouts/{answer.json['rollout_id']}/retry"
    return first, Request("POST", path, play.admin, {"org_ids": org_ids[1:]}, "retry"), rows


def bad(ids: Sequence[str]) -> Refusal:
    """DynamoDB refuses, for good, every statement with one of these ids."""
    return Refusal("bad", "ValidationError", applies_to=lambda statement: any(id_ in str(statement) for id_ in ids))


# ------------------------------------------------------------ a new batch: a course for now, one denied, one later

RECONCILE = [
    *(GET, GET_MANY, QUERY, TRANSACT, QUERY),  # create the rows
    *(SCHEDULE, TRANSACT),
    *(GET_MANY, GET, QUERY, TRANSACT),  # start the first
    *(GET_MANY, GET, TRANSACT),  # deny the second
    *(QUERY, SEND, TRANSACT),  # send the chunks
]

LATER_DAY, LATER_INSTANT = "2087-01-10", "2087-01-10T08:00:00Z"


@built_once
def new_batch(play: FaultHarness) -> tuple[Delivery, Rows, Rows]:
    """The message that reconciles it; its rows today, and once the later one's day has come."""
    play.chunks_of(1)
    now, denied, later = play.course(), play.course(), play.course()
    org_id = play.client(2, [now, later])
    play.launch([org_id], [{"course_id": now}, {"course_id": denied}, {"course_id": later, "enroll_on": LATER_DAY}])
    today: Rows = {
        (org_id, now): [enrolled(2)],
        (org_id, denied): [("access_denied", 0, 0, 0, 0, 0)],
        (org_id, later): [("scheduled", 0, 0, 0, 0, 0)],
    }
    return play.outside.take_one(job="advance"), today, {**today, (org_id, later): [enrolled(2)]}


# Four courses for now, two of them a transaction.
RECONCILE_MANY = [
    *(GET, GET_MANY, QUERY, TRANSACT, QUERY),
    *(GET_MANY, GET, QUERY, TRANSACT),
    *(GET_MANY, GET, QUERY, TRANSACT),
    *(QUERY, SEND, SEND, TRANSACT),
]


def many_rows(play: FaultHarness, monkeypatch: pytest.MonkeyPatch) -> tuple[Delivery, str, list[str]]:
    """The message that reconciles a batch, the path of its page, and its courses in their order."""
    monkeypatch.setattr(reconcile, "_ROWS_AT_ONCE", 2)
    courses = [play.course() for _ in range(4)]
    org_id = play.client(1, courses)
    batch_id = play.launch([org_id], [{"course_id": course} for course in courses])[org_id]
    return play.outside.take_one(job="advance"), f"/msp/training/{org_id}/{batch_id}", courses


# ------------------------------------------------------------ chunks: three people, two statements a call

_BEGIN, _FINISH_CHUNK, _FINISH_ROW = [GET_MANY, QUERY, PUT, TRANSACT, INSERT, INSERT], [TRANSACT, GET], [TRANSACT]

CHUNK_NEW = [*_BEGIN, *_FINISH_CHUNK]
CHUNK_EXISTING = [*_BEGIN, GET_MANY, *_FINISH_CHUNK, *_FINISH_ROW]
CHUNK_REENROLLED = [*_BEGIN, GET_MANY, TRANSACT, *_FINISH_CHUNK, *_FINISH_ROW]
CHUNK_ROW_UNFINISHED = [GET_MANY, *_FINISH_ROW]


@built_once
def chunk_new(play: FaultHarness) -> tuple[Delivery, Rows]:
    """The first of two chunks, with three people who are not enrolled yet."""
    course = play.course()
    org_id = play.client(4, [course])
    play.launch([org_id], [{"course_id": course, "due_by": DUE}])
    return play.outside.take_one(job="chunk", chunk=0), {(org_id, course): [enrolled(4)]}


@built_once
def chunk_existing(play: FaultHarness, **more: bool) -> tuple[Delivery, Rows]:
    """The only chunk: of its three people one takes the course, and one has completed it."""
    course = play.course()
    org_id = play.client(3, [course])
    play.enrolled_before(org_id, course, 0, "in_progress")
    play.enrolled_before(org_id, course, 1, "completed")
    play.launch([org_id], [{"course_id": course, "due_by": DUE}], **more)
    return play.outside.take_one(job="chunk"), {(org_id, course): [("enrolled", 3, 1, 1, 1, 0)]}


@built_once
def chunk_reenrolled(play: FaultHarness) -> tuple[Delivery, Rows]:
    """The same, and who completed the course takes it again."""
    delivery, rows = chunk_existing(play, reenroll_completed=True)
    return delivery, {key: [("enrolled", 3, 2, 1, 0, 0)] for key in rows}


@built_once
def chunk_row_unfinished(play: FaultHarness) -> tuple[Delivery, Rows]:
    """The last chunk, after a process that finished it died before it could finish the row."""
    delivery, rows = chunk_existing(play)
    with play.injector.fault(len(CHUNK_EXISTING), KILLED_BEFORE):
        play.outside.deliver(delivery)
    play.outside.waiting.remove(delivery)
    return delivery, rows


# ------------------------------------------------------------ retry of a row: one of its three people failed

RETRY = [
    *(QUERY, GET),  # who asks, the client
    *(GET, PUT),  # claim the key
    *(GET, QUERY, TRANSACT, SEND, GET),
    UPDATE,  # answer
]
RETRY_RECONCILE = [GET, QUERY, GET_MANY, GET, QUERY, TRANSACT, QUERY, QUERY, SEND, TRANSACT]
RETRY_CHUNK = [GET_MANY, QUERY, PUT, TRANSACT, INSERT, TRANSACT, GET, TRANSACT]


@built_once
def partial_row(play: FaultHarness) -> tuple[Request, Rows]:
    """The request that retries it, and the row after it."""
    course = play.course()
    org_id = play.client(3, [course])
    batch_id = play.launch([org_id], [{"course_id": course, "due_by": DUE}])[org_id]
    delivery = play.outside.take_one(job="chunk")
    with play.injector.fault(0, bad(play.people[org_id][1:2])):
        assert play.outside.deliver(delivery)
    play.outside.work_off()
    play.assert_true({(org_id, course): [("partial", 3, 2, 0, 0, 1)]})
    path = f"/msp/training/{org_id}/{batch_id}/courses/{course}/retry"
    return Request("POST", path, play.admin, key="retry"), {(org_id, course): [enrolled(3)]}


@built_once
def retried_row(play: FaultHarness, job: str) -> tuple[Delivery, Rows]:
    """It was retried: the message that starts it again, or that of its chunk."""
    request, rows = partial_row(play)
    assert play.ask(request).status == 202
    return play.outside.take_one(job=job), rows


# ------------------------------------------------------------ a client moves from New York to Berlin

CHANGE_ZONE = [QUERY, GET, GET, QUERY, TRANSACT, SEND]

# One row a transaction. A row that starts by it gets a message of its own.
MOVE_DATES = [GET, QUERY, QUERY, TRANSACT, SCHEDULE, SEND, QUERY, TRANSACT, SCHEDULE, QUERY, DELETE]

MOVED_INSTANTS = ["2087-01-06T10:00:00Z", "2087-02-10T08:00:00Z"]


@built_once
def moving_client(play: FaultHarness) -> tuple[Request, Rows, Rows]:
    """The request that changes the zone; the rows today, and when both their days have come."""
    courses = [play.course(), play.course()]
    org_id = play.client(1, courses, time_zone="America/New_York")
    days = ["2087-01-06", "2087-02-10"]
    play.launch([org_id], [{"course_id": course, "enroll_on": day} for course, day in zip(courses, days, strict=True)])
    play.outside.work_off()
    done: Rows = {(org_id, course): [enrolled(1)] for course in courses}
    today: Rows = {**done, (org_id, courses[1]): [("scheduled", 0, 0, 0, 0, 0)]}
    return Request("PATCH", f"/orgs/{org_id}", play.admin, {"time_zone": "Europe/Berlin"}), today, done
