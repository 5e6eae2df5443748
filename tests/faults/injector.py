"""A botocore hook that numbers the AWS calls of one attempt and makes one of them fail.

It uses botocore's documented events on the application's only session, so that it sees every client:
`provide-client-params` begins a call, `before-send` is one try of botocore, `after-call` ends it.
"""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError
from botocore.httpsession import URLLib3Session
from botocore.session import Session

from tests.faults.kinds import FAULTS_BY_OPERATION, INSERT, Fault, Kill, Refusal, Wire


class Killed(BaseException):
    """The process ends here. Nothing in the application catches it."""


class Injector:
    """Calls are numbered from 1 within `watched`; outside it every call passes."""

    def __init__(self) -> None:
        # Operations in the order of the calls, such as `dynamodb.GetItem`.
        self.calls: list[str] = []
        # Whether the fault, or the action in between, has happened.
        self.struck = False
        self._watching = False
        self._at: int | str = 0
        self._fault: Fault | None = None
        self._meanwhile: Callable[[], None] | None = None
        self._num_sent = 0
        self._wire = URLLib3Session()
        self.session: Session | None = None

    def attach(self, session: Session) -> None:
        """Call it before the session makes its first client: a client copies the handlers that are registered then."""
        self.session = session
        session.register("provide-client-params", self._begin)
        session.register("before-call", self._before_call)
        session.register("before-send", self._send)
        session.register("after-call", self._end)

    def close(self) -> None:
        self._wire.close()

    @property
    def is_watching(self) -> bool:
        """Calls are numbered, and one of them may break."""
        return self._watching

    @contextmanager
    def watched(self) -> Iterator[list[str]]:
        """Number the calls made within."""
        self.calls, self.struck, self._watching = [], False, True
        try:
            yield self.calls
        finally:
            self._watching, self._at, self._fault, self._meanwhile = False, 0, None, None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """The test's own calls are neither numbered nor broken."""
        was_watching, self._watching = self._watching, False
        try:
            yield
        finally:
            self._watching = was_watching

    @contextmanager
    def fault(self, at: int | str, fault: Fault) -> Iterator[list[str]]:
        """Break call number `at`, or the first call of the operation `at`; 0 for all that a Refusal selects."""
        self._at, self._fault = at, fault
        with self.watched() as calls:
            yield calls

    @contextmanager
    def meanwhile(self, at: int, do: Callable[[], None]) -> Iterator[list[str]]:
        """Do something, unwatched, just before call number `at`; 0 for every call."""
        self._at, self._meanwhile = at, do
        with self.watched() as calls:
            yield calls

    # ------------------------------------------------------------ botocore's events

    def _begin(self, params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> dict[str, Any] | None:
        if not self._watching:
            return None
        operation = f"{model.service_model.service_name}.{model.name}"
        if operation not in FAULTS_BY_OPERATION:
            pytest.fail(f"{operation} has no entry in the table of faults (tests/faults/kinds.py)")
        self.calls.append(operation)
        self._num_sent = 0
        if self._at == operation:
            self._at = len(self.calls)
        if self._meanwhile is not None and self._at in (0, len(self.calls)):
            self._aside(self._meanwhile)
        if not self._strikes():
            return None
        if isinstance(self._fault, Kill) and not self._fault.after:
            self.struck = True
            raise Killed(f"before call {self._at}, {operation}")
        if isinstance(self._fault, Refusal):
            return self._without_refused(self._fault, operation, params, context)
        return None

    def _before_call(self, context: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]] | None:
        """A batch without any part left is not sent."""
        if "nothing_left" not in context:
            return None
        return SimpleNamespace(status_code=200), context["nothing_left"]

    def _send(self, request: Any, event_name: str, **_: Any) -> AWSResponse | None:
        fault = self._fault
        if not self._watching or not self._strikes() or not isinstance(fault, Wire):
            return None
        self._num_sent += 1
        if fault.only_first and self._num_sent > 1:
            return None
        self.struck = True
        if fault.applied:
            # Read the answer to its end; otherwise the next request cannot use the connection.
            _ = self._wire.send(request).content
        if fault.code_by_service is None:
            raise ConnectionClosedError(endpoint_url=request.url)
        return _answer(fault, self.calls[-1].split(".")[0], request)

    def _end(self, parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        if not self._watching:
            return
        if "refused" in context:
            context["refused"](parsed)
        if self._strikes() and isinstance(self._fault, Kill) and self._fault.after:
            self.struck = True
            raise Killed(f"after call {self._at}, {self.calls[-1]}")

    # ------------------------------------------------------------ what they share

    def _strikes(self) -> bool:
        """Whether the current call is the one to break."""
        fault = self._fault
        if isinstance(fault, Refusal) and fault.applies_to is not None:
            return self.calls[-1] == INSERT
        if isinstance(fault, Refusal | Wire) and fault.again and isinstance(self._at, int):
            return 0 < self._at <= len(self.calls) and self.calls[-1] == self.calls[self._at - 1]
        return len(self.calls) == self._at

    def _aside(self, do: Callable[[], None]) -> None:
        self.struck, self._watching = True, False
        try:
            do()
        finally:
            self._watching = True

    def _without_refused(
        self, fault: Refusal, operation: str, params: dict[str, Any], context: dict[str, Any]
    ) -> dict[str, Any] | None:
        """The request without the refused part. The refusal is put into the answer."""
        batch = _BATCH_BY_OPERATION.get(operation)
        if batch is None:
            return None
        parts = batch.parts(params)
        victims = [index for index, part in enumerate(parts) if fault.applies_to(part)] if fault.applies_to else [0]
        if not victims:
            return None
        self.struck = True
        context["refused"] = lambda parsed: batch.refuse(parsed, fault, victims, parts)
        if fault.applied:
            return None
        left = [part for index, part in enumerate(parts) if index not in victims]
        if not left:
            context["nothing_left"] = batch.nothing()
        return batch.rebuilt(params, left)


class _Statements:
    """BatchExecuteStatement."""

    def parts(self, params: Mapping[str, Any]) -> list[Any]:
        return list(params["Statements"])

    def rebuilt(self, params: Mapping[str, Any], parts: list[Any]) -> dict[str, Any]:
        return {**params, "Statements": parts}

    def nothing(self) -> dict[str, Any]:
        return {"Responses": []}

    def refuse(self, parsed: dict[str, Any], fault: Refusal, victims: list[int], parts: list[Any]) -> None:
        error = {"Error": {"Code": fault.code, "Message": "refused by the test"}}
        for index in victims:
            if fault.applied:
                parsed["Responses"][index] = error
            else:
                parsed["Responses"].insert(index, error)


class _Entries:
    """SendMessageBatch."""

    def parts(self, params: Mapping[str, Any]) -> list[Any]:
        return list(params["Entries"])

    def rebuilt(self, params: Mapping[str, Any], parts: list[Any]) -> dict[str, Any]:
        return {**params, "Entries": parts}

    def nothing(self) -> dict[str, Any]:
        return {"Successful": []}

    def refuse(self, parsed: dict[str, Any], fault: Refusal, victims: list[int], parts: list[Any]) -> None:
        failed = [{"Id": parts[index]["Id"], "Code": fault.code, "SenderFault": False} for index in victims]
        parsed["Failed"] = [*parsed.get("Failed", []), *failed]


class _Keys:
    """BatchGetItem: a part is the name of a table and one key."""

    def parts(self, params: Mapping[str, Any]) -> list[Any]:
        return [(table, key) for table, request in params["RequestItems"].items() for key in request["Keys"]]

    def rebuilt(self, params: Mapping[str, Any], parts: list[Any]) -> dict[str, Any]:
        items: dict[str, Any] = {}
        for table, key in parts:
            request = items.setdefault(table, {**params["RequestItems"][table], "Keys": []})
            request["Keys"].append(key)
        return {**params, "RequestItems": items}

    def nothing(self) -> dict[str, Any]:
        return {"Responses": {}, "UnprocessedKeys": {}}

    def refuse(self, parsed: dict[str, Any], fault: Refusal, victims: list[int], parts: list[Any]) -> None:
        unprocessed = parsed.setdefault("UnprocessedKeys", {})
        for table, key in (parts[index] for index in victims):
            unprocessed.setdefault(table, {"Keys": [], "ConsistentRead": True})["Keys"].append(key)


_BATCH_BY_OPERATION: Mapping[str, _Statements | _Entries | _Keys] = {
    "dynamodb.BatchExecuteStatement": _Statements(),
    "sqs.SendMessageBatch": _Entries(),
    "dynamodb.BatchGetItem": _Keys(),
}


class _Raw(io.BytesIO):
    """A body as AWSResponse reads it."""

    def stream(self) -> Iterator[bytes]:
        yield self.read()


def _answer(fault: Wire, service: str, request: Any) -> AWSResponse:
    """An error in the form of the services' JSON protocols, or of S3, whose throttling is a 503."""
    code = (fault.code_by_service or {})[service]
    if service == "s3":
        xml = f"<Error><Code>{code}</Code><Message>by the test</Message></Error>".encode()
        return AWSResponse(request.url, max(fault.status, 503), {"content-type": "application/xml"}, _Raw(xml))
    body: dict[str, Any] = {"__type": f"com.amazonaws.{service}#{code}", "message": "by the test"}
    if code == "TransactionCanceledException":
        num_writes = len(json.loads(request.body)["TransactItems"])
        reason = {"Code": fault.reason, "Message": "by the test"}
        body["CancellationReasons"] = [reason] + [{"Code": "None"}] * (num_writes - 1)
    headers = {"x-amzn-errortype": code, "content-type": "application/x-amz-json-1.0"}
    return AWSResponse(request.url, fault.status, headers, _Raw(json.dumps(body).encode()))
