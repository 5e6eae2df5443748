"""Calls in process, with their shortcuts, get the answers that the same calls get over the network without them."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session

from infra.cloud import Cloud
from tests import cloud_state, in_process_cloud, quick_calls
from tests.cloud_fixture import Stage

# They differ from call to call.
_OWN = {"ResponseMetadata", "MessageId", "ReceiptHandle", "CreationDate", "LastModificationDate", "SentTimestamp"}

ITEM = {
    "pk": {"S": "a"}, "sk": {"S": "1"}, "n": {"N": "12.50"}, "yes": {"BOOL": True}, "nothing": {"NULL": True},
    "raw": {"B": b"\x00\xff"}, "list": {"L": [{"S": "x"}, {"N": "-1"}]}, "map": {"M": {"in": {"B": b"1"}}},
    "words": {"SS": ["a", "b"]}, "text": {"S": "Zoë\n\"€\""},
}  # fmt: skip
KEY = {"pk": ITEM["pk"], "sk": ITEM["sk"]}

Call = Callable[..., None]


class Calls:
    """Calls clients, and notes every answer or error."""

    def __init__(self, cloud: Cloud, stage: Stage) -> None:
        self.answers: list[Any] = []
        self.table = stage.table_names["core"]
        self.queue = stage.queue_urls["jobs"]
        self.group = stage.environment["SCHEDULE_GROUP"]
        self._clients = {name: cloud.client(name) for name in quick_calls.SERVICES}

    def __call__(self, service: str, operation: str, **params: Any) -> Any:
        try:
            answer = getattr(self._clients[service], operation)(**params)
        except ClientError as error:
            answer = {"refused": error.response, "as": type(error).__name__, "text": str(error)}
        self.answers.append(_plain(answer))
        return answer


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items() if key not in _OWN}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def items(call: Calls) -> None:
    table = call.table
    call("dynamodb", "put_item", TableName=table, Item=ITEM)
    new = "attribute_not_exists(pk)"
    call(
        "dynamodb", "put_item", TableName=table, Item=ITEM, ConditionExpression=new,
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )  # fmt: skip
    for changed in (
        "SET n = n + :one, #t = :t REMOVE nothing",
        "ADD n :one",
        "SET broken = absent + :one",
        "SET ==",
        "",
    ):
        values = {":one": {"N": "1"}} | ({":t": {"S": "new"}} if ":t" in changed else {})
        names = {"ExpressionAttributeNames": {"#t": "text"}} if "#t" in changed else {}
        call(
            "dynamodb", "update_item", TableName=table, Key=KEY, UpdateExpression=changed, ReturnValues="ALL_NEW",
            ExpressionAttributeValues=values, **names,
        )  # fmt: skip
    call("dynamodb", "get_item", TableName=table, Key=KEY, ConsistentRead=True)
    call("dynamodb", "get_item", TableName="missing", Key=KEY)
    more = [{"PutRequest": {"Item": {**KEY, "sk": {"S": str(n)}, "n": {"N": str(n)}}}} for n in range(2, 9)]
    call("dynamodb", "batch_write_item", RequestItems={table: more})
    call("dynamodb", "batch_get_item", RequestItems={table: {"Keys": [KEY, {**KEY, "sk": {"S": "99"}}]}})
    asked = {
        "TableName": table, "KeyConditionExpression": "pk = :pk AND sk BETWEEN :from AND :to", "Limit": 4,
        "ExpressionAttributeValues": {":pk": {"S": "a"}, ":from": {"S": "2"}, ":to": {"S": "8"}, ":n": {"N": "5"}},
    }  # fmt: skip
    for condition in ("n < :n AND NOT (n IN (:from, :to))", "n < :n OR size(sk) > :n", "n <", "((n < :n))"):
        call("dynamodb", "query", FilterExpression=condition, **asked)
        call("dynamodb", "query", FilterExpression=condition, ScanIndexForward=False, **asked)
    call("dynamodb", "scan", TableName=table)


def transactions(call: Calls) -> None:
    table = call.table
    call("dynamodb", "put_item", TableName=table, Item=ITEM)
    put = {"Put": {"TableName": table, "Item": {**ITEM, "sk": {"S": "2"}}}}
    count = {
        "TableName": table, "Key": KEY, "UpdateExpression": "ADD n :one", "ConditionExpression": "n < :most",
        "ExpressionAttributeValues": {":one": {"N": "1"}, ":most": {"N": "13"}},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }  # fmt: skip
    for _ in range(2):
        call("dynamodb", "transact_write_items", TransactItems=[put, {"Update": count}], ClientRequestToken="t")
        call("dynamodb", "transact_write_items", TransactItems=[put, {"Update": count}])
    insert = f"""INSERT INTO "{table}" VALUE {{'pk': ?, 'sk': ?, 'raw': ?}}"""
    statements = [
        {"Statement": insert, "Parameters": [{"S": "b"}, {"S": sk}, {"B": b"\xfe"}]} for sk in ("1", "2", "1")
    ]
    call("dynamodb", "batch_execute_statement", Statements=statements)
    call("dynamodb", "scan", TableName=table)


def messages(call: Calls) -> None:
    entries = [{"Id": str(n), "MessageBody": json.dumps({"n": n, "name": "Zoë"})} for n in range(3)]
    call("sqs", "send_message_batch", QueueUrl=call.queue, Entries=entries)
    received = call("sqs", "receive_message", QueueUrl=call.queue, MaxNumberOfMessages=10)
    for one in received["Messages"]:
        call("sqs", "delete_message", QueueUrl=call.queue, ReceiptHandle=one["ReceiptHandle"])
    call("sqs", "receive_message", QueueUrl=call.queue)
    call("sqs", "send_message", QueueUrl=call.queue + "-missing", MessageBody="x")


def schedules(call: Calls) -> None:
    named = {"GroupName": call.group, "Name": "one"}
    target = {"Arn": "arn:aws:sqs:us-east-1:000000000000:jobs", "RoleArn": "arn:aws:iam::000000000000:role/scheduler"}
    for _ in range(2):
        call(
            "scheduler", "create_schedule", **named, ScheduleExpression="at(2087-01-01T00:00:00)",
            FlexibleTimeWindow={"Mode": "OFF"}, Target={**target, "Input": '{"a": 1}'}, ClientToken="t",
        )  # fmt: skip
    call("scheduler", "get_schedule", **named)
    call("scheduler", "list_schedules", GroupName=call.group)
    for _ in range(2):
        call("scheduler", "delete_schedule", **named)


def mails(call: Calls) -> None:
    raw = {"Data": b"Subject: Hi\r\n\r\nHello"}
    call("ses", "send_raw_email", Source="not@known.example", Destinations=["a@example.com"], RawMessage=raw)
    call("ses", "verify_domain_identity", Domain="people.example")
    call("ses", "send_raw_email", Source="m@people.example", Destinations=["a@example.com"], RawMessage=raw)


@contextmanager
def over_the_network() -> Iterator[None]:
    for one in quick_calls.patches:
        one.stop()
    try:
        with mock.patch.object(URLLib3Session, "send", in_process_cloud._sent_over_the_network):
            yield
    finally:
        for one in quick_calls.patches:
            one.start()


@pytest.mark.parametrize("calls", [items, transactions, messages, schedules, mails])
def test_answers_are_those_of_the_network(
    cloud: Cloud, empty: tuple[Stage, bytes], calls: Callable[[Calls], None]
) -> None:
    stage, state = empty
    cloud_state.restore(state)
    quick = Calls(cloud, stage)
    calls(quick)
    cloud_state.restore(state)
    with over_the_network():
        plain = Calls(cloud, stage)
        calls(plain)
    assert quick.answers == plain.answers


def test_a_restored_state_has_nothing_of_what_came_later(cloud: Cloud, empty: tuple[Stage, bytes]) -> None:
    stage, state = empty
    cloud_state.restore(state)
    for calls in (items, messages, schedules, mails):
        calls(Calls(cloud, stage))
    assert cloud_state.snapshot() != state
    cloud_state.restore(state)
    assert cloud_state.snapshot() == state
    call = Calls(cloud, stage)
    assert call("dynamodb", "scan", TableName=call.table)["Items"] == []
    assert call("scheduler", "list_schedules", GroupName=call.group)["Schedules"] == []
    assert "Messages" not in call("sqs", "receive_message", QueueUrl=call.queue)
