"""Queries for items of several models under one partition key. `models` are by the start of their sort keys."""

from collections.abc import Mapping
from typing import Any

from chalicelib.aws.clients import client
from chalicelib.aws.failures import translated
from chalicelib.aws.items import Item
from chalicelib.aws.table import query_request
from chalicelib.core.paging import Page


def query_mixed(
    models: Mapping[str, type[Item]],
    pk: str,
    *,
    after: str | None = None,
    limit: int | None = None,
    newest_first: bool = False,
    consistent: bool = False,
) -> Page[Item]:
    """As `query`, for items of several models. `models` are by the start of their sort keys; the first that fits."""
    request = query_request(next(iter(models.values())), pk, "", newest_first, consistent)
    if limit is not None:
        request["Limit"] = limit
    if after is not None:
        request["ExclusiveStartKey"] = {"pk": {"S": pk}, "sk": {"S": after}}
    with translated():
        answer = client("dynamodb").query(**request)
    last = answer.get("LastEvaluatedKey")
    return Page([_read_as(models, raw) for raw in answer["Items"]], last["sk"]["S"] if last else None)


def _read_as(models: Mapping[str, type[Item]], raw: dict[str, Any]) -> Item:
    model = next(model for prefix, model in models.items() if raw["sk"]["S"].startswith(prefix))
    return model.from_raw_data(raw)


def query_between(models: Mapping[str, type[Item]], pk: str, first: str, last: str, limit: int) -> Page[Item]:
    """Items of several models with sort keys from `first` to `last`; `models` are by the prefix of their sort keys."""
    request: dict[str, Any] = {
        "TableName": next(iter(models.values())).Meta.table_name,
        "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
        "ExpressionAttributeValues": {":pk": {"S": pk}, ":first": {"S": first}, ":last": {"S": last}},
        "Limit": limit,
    }
    with translated():
        answer = client("dynamodb").query(**request)
    end = answer.get("LastEvaluatedKey")
    return Page([_read_as(models, raw) for raw in answer["Items"]], end["sk"]["S"] if end else None)
