"""Items of several kinds that lie together, in one call: of several partitions, or the newest of one."""

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.aws.clients import client
from chalicelib.aws.failures import translated
from chalicelib.aws.items import Item

# The most partitions that one statement takes.
MAX_PARTITIONS = 50

# By the prefix of their sort keys.
Models = Mapping[str, type[Item]]


def items_in(models: Models, pks: Sequence[str]) -> list[Item]:
    """What lies in these partitions, 50 at most, up to 1 MB; items of other kinds are left out.

    `models` are of one table. A query reads one partition: PartiQL's IN reads several, and scans nothing.
    """
    name = next(iter(models.values())).Meta.table_name
    places = ", ".join("?" for _ in pks[:MAX_PARTITIONS])
    with translated():
        answer = client(
            "dynamodb"
        ).execute_statement(
            Statement=f'SELECT * FROM "{name}" WHERE pk IN [{places}]',  # noqa: S608
            Parameters=[{"S": pk} for pk in pks[:MAX_PARTITIONS]],
            ConsistentRead=True,
        )
    return _read(models, answer["Items"])


def newest_in(models: Models, pk: str, limit: int) -> list[Item]:
    """The last items of a partition by their sort keys, the last one first."""
    with translated():
        answer = client("dynamodb").query(
            TableName=next(iter(models.values())).Meta.table_name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": pk}},
            ScanIndexForward=False,
            ConsistentRead=True,
            Limit=limit,
        )
    return _read(models, answer["Items"])


def _read(models: Models, raw_items: Sequence[Any]) -> list[Item]:
    found = ((_model_of(models, raw["sk"]["S"]), raw) for raw in raw_items)
    return [model.from_raw_data(raw) for model, raw in found if model is not None]


def _model_of(models: Models, sk: str) -> type[Item] | None:
    return next((model for prefix, model in models.items() if sk.startswith(prefix)), None)
