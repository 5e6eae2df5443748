"""Writing and reading many items: create-only PartiQL inserts, 25 a call, and lean reads of key ranges.

PartiQL's INSERT is the one bulk write that never overwrites: each item that exists is told apart with
`DuplicateItem`, and its neighbours are written all the same.
"""

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chalicelib.aws.clients import client
from chalicelib.aws.failures import RETRYABLE, translated
from chalicelib.core.errors import Unavailable

# The most statements that one BatchExecuteStatement takes.
PER_CALL = 25

_TRIES = 4
_FIRST_WAIT = 0.05

CREATED = "created"
DUPLICATE = "duplicate"

RawItem = Mapping[str, Mapping[str, Any]]


def insert_new(table: str, items: Sequence[RawItem], *, all_or_raise: bool = True) -> list[str]:
    """Insert items (as DynamoDB JSON, all with the same attributes); keys must differ from each other.

    Gives, per item: CREATED, DUPLICATE, or the code with which DynamoDB refused it for good. CREATED may
    be told as DUPLICATE when an answer was lost on the way: read the item back to know.
    Items that DynamoDB was too busy for raise Unavailable, though others may have been written; without
    `all_or_raise` they have their code as outcome instead, so that they do not stop their neighbours.
    """
    outcomes: list[str] = []
    for start in range(0, len(items), PER_CALL):
        outcomes += _insert_call(table, items[start : start + PER_CALL], all_or_raise)
    return outcomes


def _insert_call(table: str, items: Sequence[RawItem], all_or_raise: bool) -> list[str]:
    names = list(items[0])
    statement = f'INSERT INTO "{table}" VALUE {{' + ", ".join(f"'{name}': ?" for name in names) + "}"
    outcomes = [""] * len(items)
    waiting = list(range(len(items)))
    for attempt in range(_TRIES):
        statements = [
            {"Statement": statement, "Parameters": [items[index][name] for name in names]} for index in waiting
        ]
        with translated():
            answer = client("dynamodb").batch_execute_statement(Statements=statements)
        again = []
        for index, response in zip(waiting, answer["Responses"], strict=True):
            code = response.get("Error", {}).get("Code")
            outcomes[index] = CREATED if code is None else DUPLICATE if code == "DuplicateItem" else code
            if code in RETRYABLE:
                again.append(index)
        if not again:
            return outcomes
        waiting = again
        time.sleep(random.uniform(0.5, 1) * _FIRST_WAIT * 2**attempt)
    if all_or_raise:
        raise Unavailable()
    return outcomes


def sort_keys(
    table: str, pk: str, *, after: str, until: str | None, only: tuple[str, str] | None = None
) -> Iterator[str]:
    """The sort keys of a partition in (after, until], page by page; `only` is an attribute and its value.

    Reads eventually consistently and asks for nothing but keys, so that a hundred thousand stay cheap.
    """
    request: dict[str, Any] = {
        "TableName": table,
        "KeyConditionExpression": "pk = :pk AND sk > :after",
        "ExpressionAttributeValues": {":pk": {"S": pk}, ":after": {"S": after}},
        "ProjectionExpression": "sk",
    }
    if until is not None:
        # BETWEEN takes both ends in; the one at `after` is dropped below.
        request["KeyConditionExpression"] = "pk = :pk AND sk BETWEEN :after AND :until"
        request["ExpressionAttributeValues"][":until"] = {"S": until}
    if only is not None:
        request["FilterExpression"] = "#only = :only"
        request["ExpressionAttributeNames"] = {"#only": only[0]}
        request["ExpressionAttributeValues"][":only"] = {"S": only[1]}
    while True:
        with translated():
            answer = client("dynamodb").query(**request)
        for item in answer["Items"]:
            key = item["sk"]["S"]
            if key > after:
                yield key
        if "LastEvaluatedKey" not in answer:
            return
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
