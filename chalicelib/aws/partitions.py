"""Items of several kinds that lie together, in one call: of several partitions, or the newest of one."""

from collections.abc import Iterator, Mapping, Sequence
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
    with translated():
        answer = client("dynamodb").execute_statement(**_statement(models, pks), ConsistentRead=True)
    return _read(models, answer["Items"])


def all_in(models: Models, pks: Sequence[str]) -> Iterator[Item]:
    """The same to the end, however much it is, read eventually consistently: for counting."""
    request = _statement(models, pks)
    while True:
        with translated():
            answer = client("dynamodb").execute_statement(**request)
        yield from _read(models, answer["Items"])
        if not answer.get("NextToken"):
            return
        request["NextToken"] = answer["NextToken"]


def _statement(models: Models, pks: Sequence[str]) -> dict[str, Any]:
    name = next(iter(models.values())).Meta.table_name
    places = ", ".join("?" for _ in pks[:MAX_PARTITIONS])
    return {
        "Statement": f'SELECT * FROM "{name}" WHERE pk IN [{places}]',  # noqa: S608
        "Parameters": [{"S": pk} for pk in pks[:MAX_PARTITIONS]],
    }


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
