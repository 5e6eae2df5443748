"""Counts the application's AWS calls and capacity units, by hooks on its one botocore session.

Units come from the engine's own `ConsumedCapacity` where it reports them. It reports none for PartiQL: there
the documented formula counts, a unit per KB begun of the item and of each index entry.

For a transaction DynamoDB Local 1.25 reports the units of one item of each table, doubled, however many there are.
They are counted by the formula, too: two units per KB begun of each item.
"""

import json
import re
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from chalicelib.aws import clients
from chalicelib.core.clock import utc_now
from chalicelib.core.ids import new_id

_READS = frozenset({"GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems", "ReceiveMessage"})
_PARTIQL, _TRANSACTION = "BatchExecuteStatement", "TransactWriteItems"
_INSERT = re.compile(r'INSERT INTO "([^"]+)" VALUE \{(.*)\}')
_KB = 1024

# Attributes that an index needs, by table: an item without them is not in it.
IndexKeys = Mapping[str, list[str]]


@dataclass(frozen=True)
class Queried:
    """One query of a partition."""

    pk: str
    units: float


@dataclass
class Tally:
    """What was called since the last look. Calls are keyed `service.Operation`."""

    calls: Counter[str] = field(default_factory=Counter)
    reported_writes: float = 0
    computed_writes: float = 0
    reads: float = 0
    queries: list[Queried] = field(default_factory=list)

    @property
    def writes(self) -> float:
        return self.reported_writes + self.computed_writes

    def calls_to(self, service: str) -> int:
        return sum(number for call, number in self.calls.items() if call.startswith(f"{service}."))

    @property
    def num_reading(self) -> int:
        return sum(number for call, number in self.calls.items() if call.split(".")[1] in _READS)

    @property
    def num_writing_or_sending(self) -> int:
        return self.calls.total() - self.num_reading


class Meter:
    """`units` asks the engine for its consumption. `stub_queues` keeps all but DynamoDB from being called:
    their calls are counted and answered here, and the jobs kept in `sent`; wake-ups of the mailer are not.
    """

    def __init__(self, *, units: bool = False, stub_queues: bool = False, index_keys: IndexKeys | None = None) -> None:
        self.units = units
        self.sent: deque[dict[str, Any]] = deque()
        self._stub_queues = stub_queues
        self._index_keys = index_keys or {}
        self._tally = Tally()
        self._is_looking = False

    def take(self) -> Tally:
        """What was counted since the last `take`."""
        taken, self._tally = self._tally, Tally()
        return taken

    def before_build(self, params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        if self.units and model.service_model.service_name == "dynamodb" and not self._is_looking:
            # INDEXES would make the local engine count transactions twice.
            params["ReturnConsumedCapacity"] = "TOTAL"
            context["metered"] = params

    def before_call(self, model: Any, params: dict[str, Any], **_: Any) -> tuple[AWSResponse, dict[str, Any]] | None:
        service = model.service_model.service_name
        if self._is_looking:
            return None
        self._tally.calls[f"{service}.{model.name}"] += 1
        if not self._stub_queues or service == "dynamodb":
            return None
        return AWSResponse("", 200, HTTPHeaders(), None), self._stubbed(service, params["body"])

    def after_call(self, parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        if self._is_looking:
            return
        # botocore's own retries are requests like any other.
        retries = parsed.get("ResponseMetadata", {}).get("RetryAttempts", 0)
        if retries:
            self._tally.calls[f"{model.service_model.service_name}.{model.name}"] += retries
        request = context.pop("metered", None)
        if request is None or "Error" in parsed:
            return
        if model.name == _PARTIQL:
            self._tally.computed_writes += self._partiql_units(request["Statements"], parsed["Responses"])
            return
        if model.name == _TRANSACTION:
            self._tally.computed_writes += sum(self._units_in_transaction(one) for one in request["TransactItems"])
            return
        reported = parsed.get("ConsumedCapacity") or []
        used = sum(entry["CapacityUnits"] for entry in (reported if isinstance(reported, list) else [reported]))
        if model.name in _READS:
            self._tally.reads += used
            if model.name == "Query":
                self._tally.queries.append(Queried(_partition(request), used))
        else:
            self._tally.reported_writes += used

    def _stubbed(self, service: str, raw: Any) -> dict[str, Any]:
        if service == "ses":
            return {"MessageId": new_id(utc_now())}
        if service != "sqs":
            return {}
        body = json.loads(raw)
        if not body["QueueUrl"].endswith("/mail"):
            self.sent.extend(json.loads(entry["MessageBody"]) for entry in body["Entries"])
        return {"Successful": [{"Id": entry["Id"]} for entry in body["Entries"]]}

    def _units_in_transaction(self, write: Mapping[str, Any]) -> int:
        """Two for each KB begun, of a check as of a write. What is deleted, or is not there to check, counts as one KB:
        claims, entries and mails' places, all of them small.
        """
        ((kind, said),) = write.items()
        item = said["Item"] if kind == "Put" else self._stored(said["TableName"], said["Key"])
        num_entries = sum(key in item for key in self._index_keys.get(said["TableName"], []))
        return 2 * max(1, ceil(item_size(item) / _KB)) * (1 + num_entries)

    def _stored(self, table: str, key: Mapping[str, Any]) -> dict[str, Any]:
        """An item as the write has left it; looking at it counts as nothing."""
        self._is_looking = True
        try:
            found = clients.client("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True)
        finally:
            self._is_looking = False
        return dict(found.get("Item", {}))

    def _partiql_units(self, statements: list[dict[str, Any]], answers: list[dict[str, Any]]) -> int:
        units = 0
        for statement, answer in zip(statements, answers, strict=True):
            table, item = _inserted(statement)
            cost = ceil(item_size(item) / _KB)
            # An insert that meets its key costs what a failed condition does, and no index entry.
            num_entries = 0 if "Error" in answer else sum(key in item for key in self._index_keys.get(table, []))
            units += cost * (1 + num_entries)
        return units


@contextmanager
def metered(meter: Meter) -> Iterator[Meter]:
    """The application's clients, counted by this meter within the block."""
    clients.forget()
    events: Any = clients.session().get_component("event_emitter")
    events.register("before-parameter-build", meter.before_build)
    events.register("before-call", meter.before_call)
    events.register("after-call", meter.after_call)
    try:
        yield meter
    finally:
        clients.forget()


def _partition(request: dict[str, Any]) -> str:
    """The application's queries begin with the partition, whichever its name."""
    name = request["KeyConditionExpression"].split(" ")[2]
    return str(request["ExpressionAttributeValues"][name]["S"])


def _inserted(statement: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The table and the item of an INSERT whose values are all parameters."""
    match = _INSERT.fullmatch(statement["Statement"])
    if match is None:
        raise ValueError(f"no formula for this statement: {statement['Statement']}")
    names = re.findall(r"'([^']+)': \?", match[2])
    return match[1], dict(zip(names, statement["Parameters"], strict=True))


def item_size(item: Mapping[str, Mapping[str, Any]]) -> int:
    """Bytes of an item as DynamoDB counts them: names and values in UTF-8."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        return len(content) // 2 + 2
    if kind in ("BOOL", "NULL"):
        return 1
    if kind == "L":
        return 3 + sum(1 + _value_size(entry) for entry in content)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _value_size(entry) for name, entry in content.items())
    raise ValueError(f"no size known for the type {kind}")
