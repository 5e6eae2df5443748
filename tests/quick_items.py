"""A shorter way through botocore for DynamoDB's calls about items: tests make them far more often than all others.

Parameters and answers of these calls are JSON already, except for bytes. Without bytes they are written and read by
`json` alone, without botocore's models. The first try goes directly to MiniStack's handler; whatever is not a plain
success goes on in botocore, with its retries and errors. Events stay as in tests/quick_calls.py.
tests/aws/test_quick_calls.py compares the answers with those over the network.
"""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.client import BaseClient
from botocore.endpoint import first_non_none_response
from botocore.validate import ParamValidationDecorator

ITEM_CALLS = frozenset({
    "BatchExecuteStatement", "BatchGetItem", "BatchWriteItem", "DeleteItem", "ExecuteStatement", "GetItem", "PutItem",
    "Query", "Scan", "TransactGetItems", "TransactWriteItems", "UpdateItem",
})  # fmt: skip

# Where a request's context holds the first try's outcome, for botocore to go on with.
_TRIED = "tried"

Send = Callable[[AWSPreparedRequest], AWSResponse]


class QuickItems:
    """What takes the place of three methods of botocore, for calls of this endpoint."""

    def __init__(self, endpoint: str, authorization: Callable[[str, str], str]) -> None:
        self._endpoint, self._authorization = endpoint, authorization
        self._convert: Any = BaseClient._convert_to_request_dict  # type: ignore[attr-defined]
        self._make: Any = BaseClient._make_request  # type: ignore[attr-defined]

    def convert(self, client: Any, api_params: Any, operation_model: Any, endpoint_url: str, **more: Any) -> Any:
        """botocore's dictionary of a request."""
        if operation_model.name in ITEM_CALLS and endpoint_url.startswith(self._endpoint):
            # The product's clients do not validate parameters; those of tests do.
            if isinstance(client._serializer, ParamValidationDecorator):
                client._serializer.serialize_to_request(api_params, operation_model)
            try:
                body = json.dumps(api_params).encode()
            except TypeError:
                # Bytes, which stand in JSON as Base64.
                body = b""
            if body:
                return self._request_of(client, operation_model, endpoint_url, body, more["context"])
        return self._convert(client, api_params, operation_model, endpoint_url, **more)

    def _request_of(self, client: Any, model: Any, endpoint_url: str, body: bytes, context: Any) -> dict[str, Any]:
        metadata = client.meta.service_model.metadata
        headers = {
            "X-Amz-Target": f"{metadata['targetPrefix']}.{model.name}",
            "Content-Type": f"application/x-amz-json-{metadata['jsonVersion']}",
        }
        context["is_quick"] = True
        return {
            "url_path": "/", "query_string": "", "method": "POST", "headers": headers, "body": body,
            "url": f"{endpoint_url.rstrip('/')}/", "context": context,
        }  # fmt: skip

    def make(self, client: Any, model: Any, request: dict[str, Any], context: dict[str, Any]) -> Any:
        """A pair: response, and what it says."""
        if "is_quick" not in context:
            return self._make(client, model, request, context)
        headers = {**request["headers"], "Authorization": self._authorization("dynamodb", client.meta.region_name)}
        prepared = AWSPreparedRequest("POST", request["url"], headers, request["body"], stream_output=False)
        event = f"before-send.dynamodb.{model.name}"
        try:
            http = first_non_none_response(client.meta.events.emit(event, request=prepared))
            http = client._endpoint._send(prepared) if http is None else http
        except Exception as error:
            context[_TRIED] = None, error
            return self._make(client, model, request, context)
        content = http.content
        if http.status_code != 200 or b'"B"' in content or b'"BS"' in content:
            context[_TRIED] = http, None
            return self._make(client, model, request, context)
        said = json.loads(content)
        said["ResponseMetadata"] = {
            "RequestId": http.headers["x-amzn-requestid"], "HTTPStatusCode": 200,
            "HTTPHeaders": dict(http.headers), "RetryAttempts": 0,
        }  # fmt: skip
        return SimpleNamespace(status_code=200, headers=http.headers, content=content), said


def tried(context: dict[str, Any]) -> tuple[Any, Exception | None] | None:
    """The outcome of a first try that botocore has not seen yet: a response, or an error. Only once."""
    found: tuple[Any, Exception | None] | None = context.pop(_TRIED, None)
    return found
