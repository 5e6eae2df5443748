"""Reports: the request that begins a count, each kind of its messages, and the dead letter, call by call."""

from typing import Any

import pytest

from chalicelib.reporting.reports import walk
from tests.faults import later
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.harness import FaultHarness
from tests.faults.kinds import (
    GET,
    GET_FILE,
    GET_MANY,
    LOST,
    PUT_FILE,
    QUERY,
    READ_MANY,
    SEND,
    TRANSACT,
    UPDATE,
    Fault,
    pairs,
)

# Roles, the client's MSP, the report; how often today; the count begins with its due entry and message; the report.
REQUEST = [QUERY, GET, GET, UPDATE, TRANSACT, SEND, GET]
# Due entry, report, client, departments, people with their courses; what was counted is kept, and the entry goes on.
FIRST = [GET, GET, GET, QUERY, QUERY, READ_MANY, PUT_FILE, TRANSACT, SEND]
# The same from what is kept; then trainings, titles, and the files: lines and ids of courses and of departments, and
# the whole.
LAST = [GET, GET, GET_FILE, GET, QUERY, QUERY, READ_MANY, QUERY, GET_MANY, *[PUT_FILE] * 5, TRANSACT]
# Of an MSP: client, people with their courses, and that there is no further client.
OF_MSP = [GET, GET, QUERY, QUERY, READ_MANY, QUERY, GET_MANY, *[PUT_FILE] * 5, TRANSACT]
DEAD = [TRANSACT]

PEOPLE = 3


@pytest.fixture(autouse=True)
def _two_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "LOOKS", 2)


def _request(play: FaultHarness) -> Request:
    """For a client whose people are enrolled in a course, one of whom has completed it."""
    batch = later.ran(play, PEOPLE)
    play.complete(batch.people[:1])
    return Request("POST", f"/orgs/{batch.org_id}/reports/refresh", play.admin)


def _begun(play: FaultHarness) -> tuple[str, Delivery]:
    """Where the reports are read, and the message that begins the count."""
    request = _request(play)
    assert play.ask(request).status == 202
    return request.path.removesuffix("/refresh"), play.outside.take_one(job="report")


def _report(play: FaultHarness, path: str, kind: str = "courses") -> dict[str, Any]:
    answer = play.ask(Request("GET", f"{path}/{kind}", play.admin))
    assert answer.status == 200, answer.text
    return dict(answer.json)


def _assert_counted(play: FaultHarness, path: str, *kinds: str) -> None:
    play.outside.until_quiet()
    for kind in kinds or ("courses", "departments"):
        report = _report(play, path, kind)
        (line,) = report["items"]
        assert report["status"] == "ready"
        for numbers in (line, report["totals"]):
            assert (numbers["num_enrolled"], numbers["num_completed"]) == (PEOPLE, 1)
    assert not [
        item for item in play.world.dump("outbox") if item["pk"].startswith("DUE#") and "#report#" in item["sk"]
    ]


# ---------------------------------------------------------------- the request


def test_a_count_is_begun_with_these_calls(play: FaultHarness) -> None:
    request = _request(play)
    with play.injector.watched() as calls:
        assert play.ask(request).json["status"] == "counting"
    assert calls == REQUEST


@pytest.mark.parametrize(("at", "fault"), pairs(REQUEST))
def test_a_count_is_begun_once_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    request = _request(play)
    later.broken_request(play, request, at, fault, 202)
    _assert_counted(play, request.path.removesuffix("/refresh"))


# ---------------------------------------------------------------- its messages


def test_a_count_makes_these_calls(play: FaultHarness) -> None:
    path, delivery = _begun(play)
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == FIRST
    with play.injector.watched() as calls:
        assert play.outside.deliver(play.outside.take_one(job="report"))
    assert calls == LAST
    _assert_counted(play, path)


@pytest.mark.parametrize(("at", "fault"), pairs(FIRST))
def test_everybody_counts_once_whichever_call_of_the_first_part_breaks(
    play: FaultHarness, at: int, fault: Fault
) -> None:
    path, delivery = _begun(play)
    later.broken_delivery(play, delivery, at, fault)
    _assert_counted(play, path)


@pytest.mark.parametrize(("at", "fault"), pairs(LAST))
def test_everybody_counts_once_whichever_call_of_the_last_part_breaks(
    play: FaultHarness, at: int, fault: Fault
) -> None:
    path, delivery = _begun(play)
    assert play.outside.deliver(delivery)
    later.broken_delivery(play, play.outside.take_one(job="report"), at, fault)
    _assert_counted(play, path)


def _begun_of_msp(play: FaultHarness, monkeypatch: pytest.MonkeyPatch) -> Delivery:
    monkeypatch.setattr(walk, "LOOKS", 100)
    _request(play)
    assert play.ask(Request("POST", "/msp/reports/refresh", play.admin)).status == 202
    return play.outside.take_one(job="report")


def test_a_count_of_an_msp_makes_these_calls(play: FaultHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    delivery = _begun_of_msp(play, monkeypatch)
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == OF_MSP
    _assert_counted(play, "/msp/reports", "courses", "clients")


@pytest.mark.parametrize(("at", "fault"), pairs(OF_MSP))
def test_an_msp_s_clients_count_once_whichever_call_breaks(
    play: FaultHarness, monkeypatch: pytest.MonkeyPatch, at: int, fault: Fault
) -> None:
    later.broken_delivery(play, _begun_of_msp(play, monkeypatch), at, fault)
    _assert_counted(play, "/msp/reports", "courses", "clients")


def test_a_message_that_comes_again_costs_one_read(play: FaultHarness) -> None:
    path, delivery = _begun(play)
    assert play.outside.deliver(delivery)
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == [GET]
    _assert_counted(play, path)


# ---------------------------------------------------------------- dead letters


@pytest.mark.parametrize(("at", "fault"), pairs(DEAD))
def test_a_report_fails_whichever_call_of_its_dead_letter_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    path, delivery = _begun(play)
    with play.injector.fault(at, fault) as calls:
        play.outside.handle_dead_letter(delivery)
    assert play.injector.struck
    assert calls[:1] == DEAD
    play.outside.work_off()
    assert play.outside.handle_dead_letter(delivery)
    report = _report(play, path)
    assert (report["status"], report["code"]) == ("failed", "report_failed")


def test_a_dead_letter_after_the_numbers_were_there_changes_nothing(play: FaultHarness) -> None:
    path, delivery = _begun(play)
    assert play.outside.deliver(delivery)
    last = play.outside.take_one(job="report")
    with play.injector.fault(len(LAST), LOST):
        play.outside.deliver(last)
    assert play.outside.handle_dead_letter(last)
    _assert_counted(play, path)
