"""The table of faults and the hook: they cover every AWS call of the application."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import botocore.session
import pytest

from chalicelib.aws import bulk, queues, table
from chalicelib.aws.clients import client
from chalicelib.aws.queues import Message
from chalicelib.core.errors import Unavailable
from chalicelib.tenants.organizations.models import Counts
from tests.faults.harness import FaultHarness
from tests.faults.injector import Killed
from tests.faults.kinds import (
    BROKEN,
    CANCELLED,
    CANCELLED_AGAIN,
    CONFLICT,
    CONFLICTS,
    FAULTS_BY_OPERATION,
    GET,
    INSERT,
    KILLED_AFTER,
    KILLED_BEFORE,
    LOST,
    LOST_ONCE,
    SEND,
    THROTTLED,
    TRANSACT,
    UNREACHABLE,
    Fault,
    Refusal,
    Wire,
)

SOURCES = Path(__file__).parent.parent.parent / "chalicelib"

# Seeds and tests only; no request and no job calls it.
LOADING = {"dynamodb.BatchWriteItem"}


def _called() -> Iterator[str]:
    """Operations in the sources: whatever is called on `client("...")`, by AWS's own names."""
    texts = (path.read_text() for path in SOURCES.rglob("*.py"))
    for text in (one for one in texts if "client(" in one):
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Call):
                continue
            made = node.value
            if isinstance(made.func, ast.Name) and made.func.id == "client" and isinstance(made.args[0], ast.Constant):
                yield _operation(str(made.args[0].value), node.attr)


@cache
def _names(service: str) -> Mapping[str, str]:
    client_of_it = botocore.session.get_session().create_client(service, region_name="us-east-1")
    names: Mapping[str, str] = client_of_it.meta.method_to_api_mapping
    return names


def _operation(service: str, method: str) -> str:
    return f"{service}.{_names(service).get(method, method)}"


def test_every_operation_that_the_sources_call_has_its_faults() -> None:
    # A link is signed here and calls nobody.
    called = set(_called()) - LOADING - {"s3.generate_presigned_url"}
    assert {GET, TRANSACT, INSERT, SEND} <= called
    assert called <= set(FAULTS_BY_OPERATION)


def test_an_operation_without_its_faults_fails_the_test_that_meets_it(play: FaultHarness) -> None:
    name = play.world.stage.table_names["core"]
    with play.injector.watched(), pytest.raises(pytest.fail.Exception, match=r"dynamodb.DescribeTable has no entry"):
        client("dynamodb").describe_table(TableName=name)


# ------------------------------------------------------------ a write of one item, in every way it can break


def _write(play: FaultHarness) -> table.Write:
    return table.put_new(Counts(f"MSP#{play.msp_id}", "COUNTS#9"))


def _is_written(play: FaultHarness) -> bool:
    return any(item["sk"] == "COUNTS#9" for item in play.world.dump("core"))


@pytest.mark.parametrize(
    ("fault", "raises", "is_written"),
    [
        (UNREACHABLE, Unavailable, False),
        (THROTTLED, Unavailable, False),
        (BROKEN, Unavailable, False),
        (CONFLICT, None, True),
        (CONFLICTS, Unavailable, False),
        (CANCELLED, None, True),
        (CANCELLED_AGAIN, Unavailable, False),
        (LOST, Unavailable, True),
        (LOST_ONCE, None, True),
        (KILLED_BEFORE, Killed, False),
        (KILLED_AFTER, Killed, True),
    ],
    ids=lambda value: value.name if isinstance(value, Wire) else None,
)
def test_a_fault_does_what_it_says(
    play: FaultHarness, fault: Fault, raises: type[BaseException] | None, is_written: bool
) -> None:
    with play.injector.fault(1, fault):
        if raises is None:
            table.transact([_write(play)])
        else:
            with pytest.raises(raises):
                table.transact([_write(play)])
    assert play.injector.struck
    assert _is_written(play) == is_written
    table.transact([table.Write("put", Counts(f"MSP#{play.msp_id}", "COUNTS#9"))])


def test_part_of_a_batch_is_refused_and_the_rest_is_written(play: FaultHarness) -> None:
    name = play.world.stage.table_names["core"]
    items = [{"pk": {"S": "P"}, "sk": {"S": sk}} for sk in ("1", "2")]
    refuse = Refusal("second", "ValidationError", applies_to=lambda statement: "'2'" in str(statement))
    with play.injector.fault(0, refuse):
        assert bulk.insert_new(name, items) == [bulk.CREATED, "ValidationError"]
    assert [item["sk"] for item in play.world.dump("core") if item["pk"] == "P"] == ["1"]


def test_messages_whose_answer_is_lost_arrive_five_times(play: FaultHarness) -> None:
    """botocore tries four times more, and SQS takes each of them."""
    message = Message({"job": "none"}, "group")
    with play.injector.fault(1, LOST), pytest.raises(Unavailable):
        queues.jobs().send([message])
    assert len(play.outside.take()) == 5
