"""Bulk loading by BatchWriteItem, which overwrites: for seeds and tests, never for requests."""

import random
import time
from collections.abc import Iterable
from itertools import islice
from typing import Any

from chalicelib.aws.clients import client
from chalicelib.aws.failures import translated
from chalicelib.aws.items import Item
from chalicelib.core.errors import Unavailable

# The most that one BatchWriteItem takes.
_PER_CALL = 25
_TRIES = 8
_FIRST_WAIT = 0.05


def put_all(items: Iterable[Item]) -> None:
    """Write all items, in calls of 25. Keys must differ within a call."""
    waiting = iter(items)
    while batch := list(islice(waiting, _PER_CALL)):
        _put(batch)


def _put(batch: list[Item]) -> None:
    request: dict[str, Any] = {}
    for item in batch:
        table_name = type(item).Meta.table_name
        request.setdefault(table_name, []).append({"PutRequest": {"Item": item.to_dynamodb_dict()}})
    for attempt in range(_TRIES):
        with translated():
            answer = client("dynamodb").batch_write_item(RequestItems=request)
        # A 200 may hold items that were not written; only those go again.
        request = answer.get("UnprocessedItems") or {}
        if not request:
            return
        time.sleep(random.uniform(0.5, 1) * _FIRST_WAIT * 2**attempt)
    raise Unavailable()
