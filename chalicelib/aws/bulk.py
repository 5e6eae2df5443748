"""Bulk writes and reads: create-only PartiQL inserts, 25 a call, and reads of sort keys only.

PartiQL's INSERT is the only bulk write that never overwrites: an item that exists gets `DuplicateItem`, and the
others of the call are written.
"""

import random
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
APPLIED = "applied"
REFUSED = "refused"

_INSERTED = {"": CREATED, "DuplicateItem": DUPLICATE}
_UPDATED = {"": APPLIED, "ConditionalCheckFailed": REFUSED}

RawItem = Mapping[str, Mapping[str, Any]]


def insert_new(table: str, items: Sequence[RawItem], *, all_or_raise: bool = True) -> list[str]:
    """Insert items (as DynamoDB JSON, all with the same attributes); keys must differ from each other.

    Gives, per item: CREATED, DUPLICATE, or the code of a final refusal. After a lost answer a created item may be
    reported as DUPLICATE: read the item back to know.
    Raises Unavailable when DynamoDB stayed too busy for some items; others may have been written. Without
    `all_or_raise` these items have their error code as outcome instead.
    """
    outcomes: list[str] = []
    for start in range(0, len(items), PER_CALL):
        outcomes += _insert_call(table, items[start : start + PER_CALL], all_or_raise)
    return outcomes


def _insert_call(table: str, items: Sequence[RawItem], all_or_raise: bool) -> list[str]:
    names = list(items[0])
    statement = f'INSERT INTO "{table}" VALUE {{' + ", ".join(f"'{name}': ?" for name in names) + "}"
    statements = [{"Statement": statement, "Parameters": [item[name] for name in names]} for item in items]
    return [_INSERTED.get(code, code) for code in _execute_call(statements, all_or_raise)]


@dataclass(frozen=True)
class Update:
    """PartiQL's SET clauses and the condition after the key, with their values as DynamoDB JSON."""

    sets: str
    set_values: Sequence[Mapping[str, Any]]
    condition: str
    condition_values: Sequence[Mapping[str, Any]]


def update_each(table: str, keys: Sequence[tuple[str, str]], update: Update) -> list[str]:
    """The same update of items, by key: see `update_many`."""
    return update_many(table, [(key, update) for key in keys])


def update_many(table: str, updates: Sequence[tuple[tuple[str, str], Update]]) -> list[str]:
    """Update items by key, each on its condition; gives APPLIED, REFUSED by its condition, or a code, per item.

    Keys must differ from each other. After a lost answer an applied update may be reported as REFUSED: read the item
    back to know. Raises Unavailable when some items could not be updated now; others may have been.
    """
    outcomes: list[str] = []
    for start in range(0, len(updates), PER_CALL):
        statements = [_statement(table, key, update) for key, update in updates[start : start + PER_CALL]]
        outcomes += [_UPDATED.get(code, code) for code in _execute_call(statements, all_or_raise=True)]
    return outcomes


def _statement(table: str, key: tuple[str, str], update: Update) -> dict[str, Any]:
    pk, sk = key
    return {
        "Statement": f'UPDATE "{table}" {update.sets} WHERE "pk" = ? AND "sk" = ? AND {update.condition}',
        "Parameters": [*update.set_values, {"S": pk}, {"S": sk}, *update.condition_values],
    }


def _execute_call(statements: Sequence[Mapping[str, Any]], all_or_raise: bool) -> list[str]:
    """The error code of each statement, empty for none. Statements that DynamoDB was too busy for are sent again."""
    codes = [""] * len(statements)
    waiting = list(range(len(statements)))
    for attempt in range(_TRIES):
        with translated():
            answer = client("dynamodb").batch_execute_statement(Statements=[statements[index] for index in waiting])
        again = []
        for index, response in zip(waiting, answer["Responses"], strict=True):
            codes[index] = response.get("Error", {}).get("Code", "")
            if codes[index] in RETRYABLE:
                again.append(index)
        if not again:
            return codes
        waiting = again
        time.sleep(random.uniform(0.5, 1) * _FIRST_WAIT * 2**attempt)
    if all_or_raise:
        raise Unavailable()
    return codes


def sort_keys(
    table: str,
    pk: str,
    *,
    after: str,
    until: str | None,
    only: tuple[str, str] | None = None,
    among: tuple[str, Collection[str]] | None = None,
) -> Iterator[str]:
    """The sort keys of a partition in (after, until], page by page; `only` is an attribute and its value.

    `among` is an attribute and the values that it may have, more of them than a filter of DynamoDB takes.
    Reads eventually consistently, and keys only, so that a hundred thousand of them stay cheap.
    """
    request: dict[str, Any] = {
        "TableName": table,
        "KeyConditionExpression": "pk = :pk AND sk > :after",
        "ExpressionAttributeValues": {":pk": {"S": pk}, ":after": {"S": after}},
        "ProjectionExpression": "sk",
    }
    if until is not None:
        # BETWEEN includes both ends; the key `after` is dropped below.
        request["KeyConditionExpression"] = "pk = :pk AND sk BETWEEN :after AND :until"
        request["ExpressionAttributeValues"][":until"] = {"S": until}
    if only is not None:
        request["FilterExpression"] = "#only = :only"
        request["ExpressionAttributeNames"] = {"#only": only[0]}
        request["ExpressionAttributeValues"][":only"] = {"S": only[1]}
    if among is not None:
        request["ProjectionExpression"] = "sk, #among"
        request.setdefault("ExpressionAttributeNames", {})["#among"] = among[0]
    while True:
        with translated():
            answer = client("dynamodb").query(**request)
        for item in answer["Items"]:
            key = item["sk"]["S"]
            if key > after and (among is None or item.get(among[0], {}).get("S") in among[1]):
                yield key
        if "LastEvaluatedKey" not in answer:
            return
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
