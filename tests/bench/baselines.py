"""The same items written by loops that do nothing else: what the application's time is compared with."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import boto3
from botocore.config import Config
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from infra.cloud import Cloud
from tests.bench.scenario import make_table

_PER_CALL = 25
_NUMBERS = count(1)

Items = Sequence[dict[str, dict[str, Any]]]


@dataclass(frozen=True)
class Timed:
    """Milliseconds per 1,000 items: CPU of this process, which is the client's, and time on the wall."""

    cpu: float
    wall: float


def timed(action: Callable[[], object], num_items: int) -> Timed:
    cpu, wall = time.process_time(), time.perf_counter()
    action()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return Timed(cpu / num_items * 1e6, wall / num_items * 1e6)


def partiql(cloud: Cloud, items: Items, *, validated: bool) -> Timed:
    """The bare loop. boto3's default client validates its parameters; the application's does not."""
    client = cloud.client("dynamodb") if validated else _unvalidated(cloud)
    with _fresh_table(cloud) as table:
        statement = f'INSERT INTO "{table}" VALUE {{' + ", ".join(f"'{name}': ?" for name in items[0]) + "}"

        def loop() -> None:
            for start in range(0, len(items), _PER_CALL):
                client.batch_execute_statement(
                    Statements=[
                        {"Statement": statement, "Parameters": list(item.values())}
                        for item in items[start : start + _PER_CALL]
                    ]
                )

        return timed(loop, len(items))


def batch_write(cloud: Cloud, items: Items) -> Timed:
    """BatchWriteItem, which overwrites what is there."""
    client = cloud.client("dynamodb")
    with _fresh_table(cloud) as table:

        def loop() -> None:
            for start in range(0, len(items), _PER_CALL):
                puts = [{"PutRequest": {"Item": item}} for item in items[start : start + _PER_CALL]]
                client.batch_write_item(RequestItems={table: puts})

        return timed(loop, len(items))


def reported_units(cloud: Cloud, items: Items) -> float:
    """Write units an item, as the engine reports them for BatchWriteItem: what the formula is held against."""
    client = cloud.client("dynamodb")
    units = 0.0
    with _fresh_table(cloud) as table:
        for start in range(0, len(items), _PER_CALL):
            puts = [{"PutRequest": {"Item": item}} for item in items[start : start + _PER_CALL]]
            answer = client.batch_write_item(RequestItems={table: puts}, ReturnConsumedCapacity="TOTAL")
            units += sum(used["CapacityUnits"] for used in answer["ConsumedCapacity"])
    return units / len(items)


def saves(cloud: Cloud, items: Items) -> Timed:
    """PynamoDB's save(), one call for each item."""
    with _fresh_table(cloud) as table:
        model = _model(cloud, table)
        made = [model.from_raw_data(dict(item)) for item in items]
        # The first one opens the connection and asks for the table's keys.
        made[0].save()

        def loop() -> None:
            for one in made:
                one.save()

        return timed(loop, len(made))


def _unvalidated(cloud: Cloud) -> Any:
    return boto3.client(  # type: ignore[no-untyped-call]
        "dynamodb",
        region_name=cloud.region,
        endpoint_url=cloud.endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(parameter_validation=False),
    )


@contextmanager
def _fresh_table(cloud: Cloud) -> Iterator[str]:
    name = f"bench-baseline-{next(_NUMBERS)}"
    make_table(cloud, "enrollments", name)
    yield name
    cloud.client("dynamodb").delete_table(TableName=name)


def _model(cloud: Cloud, table: str) -> type[Model]:
    class Saved(Model):
        class Meta:
            table_name = table
            host = cloud.endpoint
            region = cloud.region

        pk = UnicodeAttribute(hash_key=True)
        sk = UnicodeAttribute(range_key=True)
        row_shard = UnicodeAttribute()
        batch_id = UnicodeAttribute()
        status = UnicodeAttribute()
        enrolled_at = UnicodeAttribute()
        due_by = UnicodeAttribute(null=True)
        revision = NumberAttribute()

    return Saved
