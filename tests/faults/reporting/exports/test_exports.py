"""Exports: the request, the job with a small file and with one in parts, and the dead letter, call by call."""

import csv
import io
from typing import Any

import pytest

from chalicelib.aws import files
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.harness import FaultHarness
from tests.faults.kinds import (
    ADD_PART,
    BEGIN_FILE,
    DROP_FILE,
    END_FILE,
    GET,
    LOST,
    PUT,
    PUT_FILE,
    QUERY,
    SEND,
    TRANSACT,
    UNREACHABLE,
    UPDATE,
    Fault,
    pairs,
)

REQUEST = [QUERY, GET, PUT, TRANSACT, SEND, UPDATE]
SMALL = [GET, QUERY, PUT_FILE, TRANSACT]
IN_PARTS = [GET, QUERY, BEGIN_FILE, ADD_PART, ADD_PART, END_FILE, TRANSACT]
DEAD = [TRANSACT]

NAMES = ["Acme", "Bolt", "Cedar"]


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two parts for the headings and three clients."""
    monkeypatch.setattr(files, "PART_BYTES", 150)


def _request(play: FaultHarness) -> Request:
    for name in NAMES:
        play.world.org(play.msp_id, name)
    return Request("POST", "/msp/training/export", play.admin, key="export")


def _delivery(play: FaultHarness) -> Delivery:
    """The message of an export that was asked for."""
    assert play.ask(_request(play)).status == 202
    return play.outside.take_one(job="export")


def _export(play: FaultHarness) -> dict[str, Any]:
    """The one export there is."""
    (item,) = [item for item in play.world.dump("outbox") if item["sk"].startswith("EXPORT#")]
    answer = play.world.get(f"/msp/exports/{item['export_id']}", play.admin)
    assert answer.status == 200, answer.text
    return dict(answer.json)


def _assert_ready(play: FaultHarness) -> None:
    export = _export(play)
    assert (export["status"], export["num_rows"], export["code"]) == ("ready", len(NAMES), None)
    bucket = play.world.stage.environment["FILES_BUCKET"]
    s3 = play.world.client("s3")
    (entry,) = s3.list_objects_v2(Bucket=bucket)["Contents"]
    content = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read().decode("utf-8-sig")
    assert [row["name"] for row in csv.DictReader(io.StringIO(content, newline=""))] == NAMES


# ---------------------------------------------------------------- the request


def test_an_export_is_asked_for_with_these_calls(play: FaultHarness) -> None:
    request = _request(play)
    with play.injector.watched() as calls:
        assert play.ask(request).status == 202
    assert calls == REQUEST


@pytest.mark.parametrize(("at", "fault"), pairs(REQUEST))
def test_the_same_request_again_makes_one_export_whichever_call_breaks(
    play: FaultHarness, at: int, fault: Fault
) -> None:
    request = _request(play)
    with play.injector.fault(at, fault):
        play.outside.ask(request)
    assert play.injector.struck
    answer = play.outside.ask_until_answered(request)
    assert answer.status == 202
    play.outside.work_off()
    _assert_ready(play)
    assert answer.json["export_id"] == _export(play)["export_id"]


# ---------------------------------------------------------------- the job


def test_a_small_file_is_written_with_these_calls(play: FaultHarness) -> None:
    delivery = _delivery(play)
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == SMALL
    _assert_ready(play)


@pytest.mark.parametrize(("at", "fault"), pairs(SMALL))
def test_a_small_file_is_written_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    delivery = _delivery(play)
    with play.injector.fault(at, fault):
        play.outside.deliver(delivery)
    assert play.injector.struck
    play.outside.work_off()
    _assert_ready(play)


def test_a_file_in_parts_is_written_with_these_calls(play: FaultHarness, in_parts: None) -> None:
    delivery = _delivery(play)
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == IN_PARTS
    _assert_ready(play)


@pytest.mark.parametrize(("at", "fault"), pairs(IN_PARTS))
def test_a_file_in_parts_is_written_whichever_call_breaks(
    play: FaultHarness, in_parts: None, at: int, fault: Fault
) -> None:
    delivery = _delivery(play)
    with play.injector.fault(at, fault):
        play.outside.deliver(delivery)
    assert play.injector.struck
    play.outside.work_off()
    _assert_ready(play)


def test_what_went_up_of_a_file_that_broke_is_dropped(play: FaultHarness, in_parts: None) -> None:
    delivery = _delivery(play)
    with play.injector.fault(ADD_PART, UNREACHABLE) as calls:
        assert not play.outside.deliver(delivery)
    assert calls == [GET, QUERY, BEGIN_FILE, ADD_PART, DROP_FILE]
    found = play.world.client("s3").list_multipart_uploads(Bucket=play.world.stage.environment["FILES_BUCKET"])
    assert "Uploads" not in found


def test_a_message_that_comes_again_costs_one_read(play: FaultHarness) -> None:
    delivery = _delivery(play)
    assert play.outside.deliver(delivery)
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == [GET]


# ---------------------------------------------------------------- dead letters


@pytest.mark.parametrize(("at", "fault"), pairs(DEAD))
def test_an_export_fails_whichever_call_of_its_dead_letter_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    delivery = _delivery(play)
    with play.injector.fault(at, fault) as calls:
        play.outside.handle_dead_letter(delivery)
    assert play.injector.struck
    assert calls[:1] == DEAD
    play.outside.work_off()
    assert (_export(play)["status"], _export(play)["code"]) == ("failed", "export_failed")


def test_a_dead_letter_after_the_file_was_written_leaves_the_export_ready(play: FaultHarness) -> None:
    """The last delivery wrote everything, and nobody heard of it."""
    delivery = _delivery(play)
    with play.injector.fault(len(SMALL), LOST):
        play.outside.deliver(delivery)
    assert play.outside.handle_dead_letter(delivery)
    _assert_ready(play)
