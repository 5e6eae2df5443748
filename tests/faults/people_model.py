"""What lies in a world and what its test knows of it, kept so that the next test need not build it again."""

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
class _Kept:
    items: dict[str, list[dict[str, Any]]]
    schedules: list[dict[str, Any]]
    files: dict[str, bytes]
    # Copied together, so that a message which the test holds is the one that waits.
    result: Any
    waiting: list[Delivery]
    ids: dict[str, Any]
    accounts: dict[str, str]
    msps: dict[str, str]
    sent: list[dict[str, Any]]
    now: datetime
    num_made: int


_KEPT: dict[tuple[str, ...], _Kept] = {}


def built_once(people: "People", build: Callable[["People"], R]) -> R:
    """What `build` gives. It depends on nothing but what was built in this way before."""
    people.built += (f"{build.__module__}.{build.__qualname__}",)
    if people.built in _KEPT:
        result: R = _bring(people, _KEPT[people.built])
        return result
    result = build(people)
    _KEPT[people.built] = _keep(people, result)
    return result


def _keep(people: "People", result: Any) -> _Kept:
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
        _Kept(
            {short: [item for page in found for item in page["Items"]] for short, found in pages.items()},
            [scheduler.get_schedule(GroupName=group, Name=name) for name in people.outside.schedules()],
            {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in listed},
            result, people.outside.waiting, {name: getattr(people, name) for name in _IDS},
            world._email_by_account, world._msp_by_org, people.sent(), world.now, world._num_made,
        )
    )  # fmt: skip


def _bring(people: "People", known: _Kept) -> Any:
    kept, world = copy.deepcopy(known), people.world
    for name, value in kept.ids.items():
        setattr(people, name, value)
    people.outside.waiting, people.sent_before = kept.waiting, kept.sent
    world._email_by_account, world._msp_by_org = kept.accounts, kept.msps
    world.now, world._num_made = kept.now, kept.num_made
    dynamodb, scheduler, s3 = (world.client(name) for name in ("dynamodb", "scheduler", "s3"))
    for short, items in kept.items.items():
        table = world.stage.table_names[short]
        for start in range(0, len(items), _PER_CALL):
            puts = [{"PutRequest": {"Item": item}} for item in items[start : start + _PER_CALL]]
            assert not dynamodb.batch_write_item(RequestItems={table: puts})["UnprocessedItems"]
    for made in kept.schedules:
        wanted = {name: made[name] for name in ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target", "State")}
        scheduler.create_schedule(GroupName=world.stage.environment["SCHEDULE_GROUP"], **wanted)
    for key, content in kept.files.items():
        s3.put_object(Bucket=world.stage.environment["FILES_BUCKET"], Key=key, Body=content)
    return kept.result
