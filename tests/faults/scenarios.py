"""Moments at which something is about to happen, with what it comes to, and the AWS calls that it makes.

A new AWS call is a new line here, and with it come its faults: the tests compare what is called with these lists.
"""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from chalicelib.training.batches import reconcile
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.harness import FaultHarness, Rows, enrolled
from tests.faults.kinds import (
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
    Refusal,
)
from tests.faults.reference_model import scene

DUE = "2087-02-01"

# ------------------------------------------------------------ launches: three clients, two of them a call

LAUNCH = [QUERY, GET, GET_MANY, TRANSACT, INSERT, INSERT, SEND, SEND, TRANSACT]

# From here on, what was asked is saved; from the second on, its batches stand too.
SAVED_BY, WRITTEN_BY = 4, 6

FINISH_FROM_NOTHING = [GET_MANY, GET_MANY, GET_MANY, INSERT, INSERT, SEND, SEND, TRANSACT]
FINISH_FROM_BATCHES = [GET_MANY, GET_MANY, GET_MANY, INSERT, INSERT, GET_MANY, SEND, SEND, TRANSACT]

RETRY_CLIENTS = [QUERY, GET, TRANSACT, GET_MANY, TRANSACT, GET_MANY, GET_MANY, INSERT, SEND, SEND, TRANSACT, TRANSACT]
REOPENED_BY = 5


@scene
def launching(play: FaultHarness, key: str = "launch") -> tuple[Request, Rows]:
    """The request, and what the rows come to: one person at the first client, nobody at the others."""
    course = play.course()
    org_ids = [play.client(number, [course]) for number in (1, 0, 0)]
    rows: Rows = {(org_id, course): [enrolled(len(play.people[org_id]))] for org_id in org_ids}
    return replace(play.launching(org_ids, [{"course_id": course, "due_by": DUE}]), key=key), rows


def interrupted_launch(play: FaultHarness, died_at: int, key: str = "launch") -> Rows:
    """Its process died after call `died_at`, and nobody asks again; what the rows come to in the end."""
    request, rows = launching(play, key)
    with play.injector.fault(died_at, KILLED_AFTER):
        assert play.outside.ask(request) is None
    return rows


@scene
def finishing_launch(play: FaultHarness, died_at: int) -> tuple[Delivery, Rows]:
    """The message by which the sweep has an interrupted launch finished."""
    rows = interrupted_launch(play, died_at)
    play.outside.wait_for_sweep()
    return play.outside.take_one(job="launch"), rows


@scene
def failed_clients(play: FaultHarness) -> tuple[Request, Request, Rows]:
    """A launch of which two clients failed, the request that launches them again, and what the rows then come to."""
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
    """DynamoDB refuses, for good, every statement in which one of these ids stands."""
    return Refusal("bad", "ValidationError", wanted=lambda statement: any(one in str(statement) for one in ids))


# ------------------------------------------------------------ a fresh batch: a course for now, one denied, one later

ADVANCE = [
    *(GET, GET_MANY, QUERY, TRANSACT, QUERY),  # expand
    *(SCHEDULE, TRANSACT),
    *(GET_MANY, GET, QUERY, TRANSACT),  # start the first
    *(GET_MANY, GET, TRANSACT),  # deny the second
    *(QUERY, SEND, TRANSACT),  # send the chunks
]

LATER_DAY, LATER_INSTANT = "2087-01-10", "2087-01-10T08:00:00Z"


@scene
def fresh_batch(play: FaultHarness) -> tuple[Delivery, Rows, Rows]:
    """The message that advances it; what its rows are today, and once the later one's day has come."""
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
ADVANCE_MANY = [
    *(GET, GET_MANY, QUERY, TRANSACT, QUERY),
    *(GET_MANY, GET, QUERY, TRANSACT),
    *(GET_MANY, GET, QUERY, TRANSACT),
    *(QUERY, SEND, SEND, TRANSACT),
]


def many_rows(play: FaultHarness, monkeypatch: pytest.MonkeyPatch) -> tuple[Delivery, str, list[str]]:
    """The message that advances a batch, the path of its page, and its courses in their order."""
    monkeypatch.setattr(reconcile, "_ROWS_AT_ONCE", 2)
    courses = [play.course() for _ in range(4)]
    org_id = play.client(1, courses)
    batch_id = play.launch([org_id], [{"course_id": course} for course in courses])[org_id]
    return play.outside.take_one(job="advance"), f"/msp/training/{org_id}/{batch_id}", courses


# ------------------------------------------------------------ chunks: three people, two statements a call

_BEGIN, _FINISH, _FOLD = [GET_MANY, QUERY, PUT, TRANSACT, INSERT, INSERT], [TRANSACT, GET], [TRANSACT]

CHUNK_NEW = [*_BEGIN, *_FINISH]
CHUNK_MET = [*_BEGIN, GET_MANY, *_FINISH, *_FOLD]
CHUNK_REENROLLED = [*_BEGIN, GET_MANY, TRANSACT, *_FINISH, *_FOLD]
CHUNK_FOLDED = [GET_MANY, *_FOLD]


@scene
def chunk_new(play: FaultHarness) -> tuple[Delivery, Rows]:
    """The first of two chunks, with three people whom nothing enrolled before."""
    course = play.course()
    org_id = play.client(4, [course])
    play.launch([org_id], [{"course_id": course, "due_by": DUE}])
    return play.outside.take_one(job="chunk", chunk=0), {(org_id, course): [enrolled(4)]}


@scene
def chunk_met(play: FaultHarness, **more: bool) -> tuple[Delivery, Rows]:
    """The only chunk: of its three people one takes the course, and one has completed it."""
    course = play.course()
    org_id = play.client(3, [course])
    play.enrolled_before(org_id, course, 0, "in_progress")
    play.enrolled_before(org_id, course, 1, "completed")
    play.launch([org_id], [{"course_id": course, "due_by": DUE}], **more)
    return play.outside.take_one(job="chunk"), {(org_id, course): [("enrolled", 3, 1, 1, 1, 0)]}


@scene
def chunk_reenrolled(play: FaultHarness) -> tuple[Delivery, Rows]:
    """The same, and who completed the course takes it again."""
    delivery, rows = chunk_met(play, reenroll_completed=True)
    return delivery, {key: [("enrolled", 3, 2, 1, 0, 0)] for key in rows}


@scene
def chunk_folded(play: FaultHarness) -> tuple[Delivery, Rows]:
    """The last chunk, which was finished by a process that died before it could fold the row."""
    delivery, rows = chunk_met(play)
    with play.injector.fault(len(CHUNK_MET), KILLED_BEFORE):
        play.outside.deliver(delivery)
    play.outside.waiting.remove(delivery)
    return delivery, rows


# ------------------------------------------------------------ retry of a row: one of its three people failed

RETRY = [
    *(QUERY, GET),  # who asks, the client
    *(GET, TRANSACT),  # claim the key
    *(GET, QUERY, TRANSACT, SEND, GET),
    TRANSACT,  # answer
]
RETRY_ADVANCE = [GET, QUERY, GET_MANY, GET, QUERY, TRANSACT, QUERY, QUERY, SEND, TRANSACT]
RETRY_CHUNK = [GET_MANY, QUERY, PUT, TRANSACT, INSERT, TRANSACT, GET, TRANSACT]


@scene
def partial_row(play: FaultHarness) -> tuple[Request, Rows]:
    """The request that retries it, and what the row then comes to."""
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


@scene
def retried_row(play: FaultHarness, job: str) -> tuple[Delivery, Rows]:
    """It was retried: the message that starts it again, or that of its chunk."""
    request, rows = partial_row(play)
    assert play.ask(request).status == 202
    return play.outside.take_one(job=job), rows


# ------------------------------------------------------------ a client moves from New York to Berlin

CHANGE_ZONE = [QUERY, GET, GET, QUERY, TRANSACT, SEND]

# One row a transaction. What starts by it is advanced by a message of its own.
MOVE_DATES = [GET, QUERY, QUERY, TRANSACT, SCHEDULE, SEND, QUERY, TRANSACT, SCHEDULE, QUERY, TRANSACT]

MOVED_INSTANTS = ["2087-01-06T10:00:00Z", "2087-02-10T08:00:00Z"]


@scene
def moving_client(play: FaultHarness) -> tuple[Request, Rows, Rows]:
    """The request that changes the zone; what the rows come to today, and when both their days have come."""
    courses = [play.course(), play.course()]
    org_id = play.client(1, courses, time_zone="America/New_York")
    days = ["2087-01-06", "2087-02-10"]
    play.launch([org_id], [{"course_id": one, "enroll_on": day} for one, day in zip(courses, days, strict=True)])
    play.outside.work_off()
    done: Rows = {(org_id, course): [enrolled(1)] for course in courses}
    today: Rows = {**done, (org_id, courses[1]): [("scheduled", 0, 0, 0, 0, 0)]}
    return Request("PATCH", f"/orgs/{org_id}", play.admin, {"time_zone": "Europe/Berlin"}), today, done
