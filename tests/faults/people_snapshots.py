"""Scenarios of invitations that are built once: further tests get a copy of tables, schedules, files and queues."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from tests.faults.fake_sqs import Delivery

if TYPE_CHECKING:
    from tests.faults.inviting_scenarios import People

R = TypeVar("R")

_PER_CALL = 25
_IDS = ("tenant", "people", "course_id", "org_id", "group_id", "org_admin")


@dataclass
class _Snapshot:
    items: dict[str, list[dict[str, Any]]]
    schedules: list[dict[str, Any]]
    files: dict[str, bytes]
    # Copied together, so that a message which the test holds is the same object as the one in the queue.
    result: Any
    waiting: list[Delivery]
    ids: dict[str, Any]
    accounts: dict[str, str]
    msps: dict[str, str]
    sent: list[dict[str, Any]]
    now: datetime
    num_made: int


_SNAPSHOTS: dict[tuple[str, ...], _Snapshot] = {}


def built_once(people: "People", build: Callable[["People"], R]) -> R:
    """The result of `build`, which depends only on what was built before it in this way."""
    people.built += (f"{build.__module__}.{build.__qualname__}",)
    if people.built in _SNAPSHOTS:
        result: R = _restore(people, _SNAPSHOTS[people.built])
        return result
    result = build(people)
    _SNAPSHOTS[people.built] = _take(people, result)
    return result


def _take(people: "People", result: Any) -> _Snapshot:
    world = people.world
    people.outside.take()
    # The sweep wakes the mailer whenever mail waits.
    world.messages("mail")
    dynamodb, scheduler, s3 = (world.client(name) for name in ("dynamodb", "scheduler", "s3"))
    pages = {
        short: dynamodb.get_paginator("scan").paginate(TableName=name)
        for short, name in world.stage.table_names.items()
    }
    group, bucket = world.stage.environment["SCHEDULE_GROUP"], world.stage.environment["FILES_BUCKET"]
    listed = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    return copy.deepcopy(
        _Snapshot(
            {short: [item for page in found for item in page["Items"]] for short, found in pages.items()},
            [scheduler.get_schedule(GroupName=group, Name=name) for name in people.outside.schedules()],
            {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in listed},
            result, people.outside.waiting, {name: getattr(people, name) for name in _IDS},
            world._email_by_account, world._msp_by_org, people.sent(), world.now, world._num_made,
        )
    )  # fmt: skip


def _restore(people: "People", snapshot: _Snapshot) -> Any:
    copied, world = copy.deepcopy(snapshot), people.world
    for name, value in copied.ids.items():
        setattr(people, name, value)
    people.outside.waiting, people.sent_before = copied.waiting, copied.sent
    world._email_by_account, world._msp_by_org = copied.accounts, copied.msps
    world.now, world._num_made = copied.now, copied.num_made
    dynamodb, scheduler, s3 = (world.client(name) for name in ("dynamodb", "scheduler", "s3"))
    for short, items in copied.items.items():
        table = world.stage.table_names[short]
        for start in range(0, len(items), _PER_CALL):
            puts = [{"PutRequest": {"Item": item}} for item in items[start : start + _PER_CALL]]
            assert not dynamodb.batch_write_item(RequestItems={table: puts})["UnprocessedItems"]
    for schedule in copied.schedules:
        fields = {
            name: schedule[name] for name in ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target", "State")
        }
        scheduler.create_schedule(GroupName=world.stage.environment["SCHEDULE_GROUP"], **fields)
    for key, content in copied.files.items():
        s3.put_object(Bucket=world.stage.environment["FILES_BUCKET"], Key=key, Body=content)
    return copied.result
