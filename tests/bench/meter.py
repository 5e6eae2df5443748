"""Counts the application's AWS calls and capacity units, by hooks on its one botocore session.

Units come from the engine's own `ConsumedCapacity` where it reports them. It reports none for PartiQL: there
the documented formula counts, a unit per KB begun of the item and of each index entry.

For a transaction DynamoDB Local 1.25 reports the units of one item of each table, doubled, however many there are.
They are counted by the formula, too (units.py): two units per KB begun of each item.
"""

import json
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from chalicelib.aws import clients
from chalicelib.core.clock import utc_now
from chalicelib.core.ids import new_id
from tests.bench.units import Formula, IndexKeys, RawItem, Written

_READS = frozenset({"GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems", "ReceiveMessage"})
_PARTIQL, _TRANSACTION = "BatchExecuteStatement", "TransactWriteItems"


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
    # What each call wrote, in their order; a call that reads or sends wrote nothing.
    written: list[list[Written]] = field(default_factory=list)
    # Inserts that found their key taken.
    num_met: int = 0
    # Items that queries gave.
    num_queried: int = 0

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

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(**{name: value + getattr(other, name) for name, value in vars(self).items()})


class Meter:
    """`units` asks the engine for its consumption. `stub_queues` keeps all but DynamoDB from being called:
    their calls are counted and answered here, and the jobs kept in `sent`; wake-ups of the mailer are not.
    """

    def __init__(self, *, units: bool = False, stub_queues: bool = False, index_keys: IndexKeys | None = None) -> None:
        self.units = units
        self.sent: deque[dict[str, Any]] = deque()
        self._stub_queues = stub_queues
        self._formula = Formula(index_keys or {}, self._stored)
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
        self._tally.written.append([])
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
        if model.name in (_PARTIQL, _TRANSACTION):
            self._compute(model.name, request, parsed)
            return
        reported = parsed.get("ConsumedCapacity") or []
        used = sum(entry["CapacityUnits"] for entry in (reported if isinstance(reported, list) else [reported]))
        if model.name in _READS:
            self._tally.reads += used
            if model.name == "Query":
                self._tally.num_queried += parsed["Count"]
                self._tally.queries.append(Queried(_partition(request), used))
        else:
            self._tally.reported_writes += used
            # Of what tests load in batches nobody asks for the keys.
            for key in [request[name] for name in ("Item", "Key") if name in request]:
                self._tally.written[-1].append(Written(f"{request['TableName']} {key['pk']['S']}", used))

    def _compute(self, name: str, request: dict[str, Any], parsed: dict[str, Any]) -> None:
        if name == _PARTIQL:
            self._tally.num_met += sum("Error" in answer for answer in parsed["Responses"])
            written = self._formula.of_partiql(request["Statements"], parsed["Responses"])
        else:
            written = self._formula.of_transaction(request["TransactItems"])
        for one in written:
            self._tally.computed_writes += one.units
            self._tally.written[-1].append(one)

    def _stubbed(self, service: str, raw: Any) -> dict[str, Any]:
        if service == "ses":
            return {"MessageId": new_id(utc_now())}
        if service != "sqs":
            return {}
        body = json.loads(raw)
        if not body["QueueUrl"].endswith("/mail"):
            self.sent.extend(json.loads(entry["MessageBody"]) for entry in body["Entries"])
        return {"Successful": [{"Id": entry["Id"]} for entry in body["Entries"]]}

    def _stored(self, table: str, key: RawItem) -> RawItem:
        """An item as the write has left it; looking at it counts as nothing."""
        self._is_looking = True
        try:
            found = clients.client("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True)
        finally:
            self._is_looking = False
        return dict(found.get("Item", {}))


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
