"""DynamoDB: PynamoDB's models and expressions, sent through the shared client.

PynamoDB would open a session of its own, which costs a cold start 80 ms, and its transactions lose the order of the
writes, by which a failed condition is identified. Reads give models or None. Writes are described first (`Write`)
and sent as one transaction. Its token makes botocore's retries exact: a lost answer is not mistaken for a failed
condition.
"""

import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast, overload

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action as Action

from chalicelib.aws.clients import client
from chalicelib.aws.failures import Contended, translated
from chalicelib.aws.items import Item
from chalicelib.aws.writes import Write as Write
from chalicelib.aws.writes import put_new as put_new
from chalicelib.core.errors import ConditionFailed, Unavailable
from chalicelib.core.paging import Page

# The most that one BatchGetItem and one TransactWriteItems take.
MAX_BATCH_GET = 100
MAX_TRANSACTION = 100

# Conflicts on a row of many chunks are normal: 7 tries with waits of 20 ms to 1.3 s, then the message is redelivered.
_TRANSACTION_TRIES = 7
_FIRST_WAIT = 0.02


M = TypeVar("M", bound=Item)
A = TypeVar("A", bound=Item)
B = TypeVar("B", bound=Item)
C = TypeVar("C", bound=Item)
D = TypeVar("D", bound=Item)
E = TypeVar("E", bound=Item)
F = TypeVar("F", bound=Item)
Key = tuple[str, str]


def transact(writes: Sequence[Write], tries: int = _TRANSACTION_TRIES) -> None:
    """All of the writes, or none.

    Raises ConditionFailed with the indexes of the writes whose condition did not hold, Unavailable
    when AWS did not answer or other transactions conflicted each time. `tries` is 1 for who would not write the same
    again after a conflict.
    """
    if not writes:
        return
    items = [write.as_request() for write in writes]
    for attempt in range(tries):
        try:
            with translated():
                client("dynamodb").transact_write_items(TransactItems=items)
            return
        except Contended:
            if attempt == tries - 1:
                raise
            time.sleep(random.uniform(0.5, 1) * _FIRST_WAIT * 2**attempt)


def put_if_new(item: Item) -> bool:
    """Put one item, create-only, for one write unit. False when it exists, or when an earlier answer was lost."""
    request = put_new(item).as_request()["Put"]
    try:
        with translated():
            client("dynamodb").put_item(**request)
    except ConditionFailed:
        return False
    return True


def put_if(item: Item, condition: Condition) -> None:
    """Put one item for one write unit. Raises ConditionFailed, also when an earlier answer was lost."""
    request = Write("put", item, condition).as_request()["Put"]
    with translated():
        client("dynamodb").put_item(**request)


def delete(item: Item, condition: Condition | None = None) -> None:
    """Delete one item for one write unit; nothing when it is gone. Raises ConditionFailed."""
    request = Write("delete", item, condition).as_request()["Delete"]
    with translated():
        client("dynamodb").delete_item(**request)


def update_if(item: M, condition: Condition, *actions: Action) -> M | None:
    """Change one item for one write unit, and give it as it is then. None when the condition does not hold.

    After a lost answer botocore makes the change again.
    """
    request = Write("update", item, condition, actions).as_request()["Update"]
    try:
        with translated():
            answer = client("dynamodb").update_item(**request, ReturnValues="ALL_NEW")
    except ConditionFailed:
        return None
    return type(item).from_raw_data(answer["Attributes"])


def get(model: type[M], pk: str, sk: str, *, consistent: bool = True) -> M | None:
    with translated():
        answer = client("dynamodb").get_item(
            TableName=model.Meta.table_name,
            Key={"pk": {"S": pk}, "sk": {"S": sk}},
            ConsistentRead=consistent,
        )
    raw = answer.get("Item")
    return model.from_raw_data(raw) if raw else None


def batch_get(items: Iterable[tuple[type[Item], str, str]], *, consistent: bool = True) -> dict[Key, Item]:
    """Those of these items that exist, of any models and tables, by key: one call per 100."""
    model_by_key = {(pk, sk): model for model, pk, sk in items}
    model_by_table: dict[Key, str] = {key: model.Meta.table_name for key, model in model_by_key.items()}
    item_by_key: dict[Key, Item] = {}
    keys = list(model_by_key)
    for start in range(0, len(keys), MAX_BATCH_GET):
        request: dict[str, Any] = {}
        for key in keys[start : start + MAX_BATCH_GET]:
            table = request.setdefault(model_by_table[key], {"Keys": [], "ConsistentRead": consistent})
            table["Keys"].append({"pk": {"S": key[0]}, "sk": {"S": key[1]}})
        for raw in _batch_get_raw(request):
            key = (raw["pk"]["S"], raw["sk"]["S"])
            item_by_key[key] = model_by_key[key].from_raw_data(raw)
    return item_by_key


@dataclass(frozen=True)
class Ref(Generic[M]):
    """The key of one item, with its model. Rooms have functions for them: `member_ref(org_id, member_id)`."""

    model: type[M]
    pk: str
    sk: str


@overload
def fetch(a: Ref[A], b: Ref[B], /, *, consistent: bool = True) -> tuple[A | None, B | None]: ...
@overload
def fetch(a: Ref[A], b: Ref[B], c: Ref[C], /, *, consistent: bool = True) -> tuple[A | None, B | None, C | None]: ...
@overload
def fetch(
    a: Ref[A], b: Ref[B], c: Ref[C], d: Ref[D], /, *, consistent: bool = True
) -> tuple[A | None, B | None, C | None, D | None]: ...
@overload
def fetch(
    a: Ref[A], b: Ref[B], c: Ref[C], d: Ref[D], e: Ref[E], /, *, consistent: bool = True
) -> tuple[A | None, B | None, C | None, D | None, E | None]: ...
@overload
def fetch(
    a: Ref[A], b: Ref[B], c: Ref[C], d: Ref[D], e: Ref[E], f: Ref[F], /, *, consistent: bool = True
) -> tuple[A | None, B | None, C | None, D | None, E | None, F | None]: ...
def fetch(*refs: Ref[Any], consistent: bool = True) -> tuple[Any, ...]:
    """Items of several models in one call, in the order of their refs; None for those that do not exist."""
    found = batch_get([(ref.model, ref.pk, ref.sk) for ref in refs], consistent=consistent)
    return tuple(found.get((ref.pk, ref.sk)) for ref in refs)


def fetch_all(refs: Iterable[Ref[M]], *, consistent: bool = True) -> list[M]:
    """Those of these items that exist, in the order of their refs: one call per 100, none for none."""
    refs = list(refs)
    found = batch_get([(ref.model, ref.pk, ref.sk) for ref in refs], consistent=consistent)
    return [cast(M, found[ref.pk, ref.sk]) for ref in refs if (ref.pk, ref.sk) in found]


class Fetched:
    """Items of any kinds and number, read together."""

    def __init__(self, items: Mapping[Key, Item]) -> None:
        self._items = items

    def get(self, ref: Ref[M]) -> M | None:
        return cast("M | None", self._items.get((ref.pk, ref.sk)))

    def __contains__(self, ref: Ref[Any]) -> bool:
        return (ref.pk, ref.sk) in self._items


def fetch_mixed(refs: Iterable[Ref[Any]], *, consistent: bool = True) -> Fetched:
    """For a number of items of several kinds that is known at run time only: one call per 100."""
    return Fetched(batch_get([(ref.model, ref.pk, ref.sk) for ref in refs], consistent=consistent))


def _batch_get_raw(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for attempt in range(_TRANSACTION_TRIES):
        with translated():
            answer = client("dynamodb").batch_get_item(RequestItems=request)
        for items in answer.get("Responses", {}).values():
            yield from items
        request = answer.get("UnprocessedKeys") or {}
        if not request:
            return
        time.sleep(random.uniform(0.5, 1) * _FIRST_WAIT * 2**attempt)
    raise Unavailable()


def query(
    model: type[M],
    pk: str,
    *,
    prefix: str = "",
    after: str | None = None,
    limit: int | None = None,
    newest_first: bool = False,
    consistent: bool = False,
) -> Page[M]:
    """One page of the items whose sort key starts with `prefix`, past the sort key `after`.

    Without a limit, everything up to the 1 MB that a query reads. `next_position` is None at the end.
    """
    request = query_request(model, pk, prefix, newest_first, consistent)
    if limit is not None:
        request["Limit"] = limit
    if after is not None:
        request["ExclusiveStartKey"] = {"pk": {"S": pk}, "sk": {"S": after}}
    with translated():
        answer = client("dynamodb").query(**request)
    last = answer.get("LastEvaluatedKey")
    items = [model.from_raw_data(raw) for raw in answer["Items"]]
    return Page(items, last["sk"]["S"] if last else None)


def query_all(model: type[M], pk: str, *, prefix: str = "", consistent: bool = True) -> list[M]:
    """Every item with the prefix, over all pages: for lists that are known to be short."""
    items: list[M] = []
    after = None
    while True:
        page = query(model, pk, prefix=prefix, after=after, consistent=consistent)
        items.extend(page.items)
        if page.next_position is None:
            return items
        after = page.next_position


def query_request(model: type[Item], pk: str, prefix: str, newest_first: bool, consistent: bool) -> dict[str, Any]:
    request: dict[str, Any] = {
        "TableName": model.Meta.table_name,
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": pk}},
        "ScanIndexForward": not newest_first,
        "ConsistentRead": consistent,
    }
    if prefix:
        request["KeyConditionExpression"] += " AND begins_with(sk, :prefix)"
        request["ExpressionAttributeValues"][":prefix"] = {"S": prefix}
    return request


def query_until(model: type[M], pk: str, until: str, limit: int, after: str = "") -> list[M]:
    """The first `limit` items whose sort key lies after `after` and is at most `until`."""
    request = query_request(model, pk, "", newest_first=False, consistent=True)
    request["KeyConditionExpression"] += " AND sk <= :until"
    request["ExpressionAttributeValues"][":until"] = {"S": until}
    request["Limit"] = limit
    if after:
        request["ExclusiveStartKey"] = {"pk": {"S": pk}, "sk": {"S": after}}
    with translated():
        answer = client("dynamodb").query(**request)
    return [model.from_raw_data(raw) for raw in answer["Items"]]
