"""MiniStack in the process of the tests, which make some hundred thousand calls.

It serves its port from a thread. Calls of the four most used services skip the network and the server: they go from
botocore's last step directly to MiniStack's handler, and take shortcuts in both (tests/quick_calls.py). End-to-end
tests start MiniStack in a process of its own (tests/e2e/conftest.py).
"""

import asyncio
import contextvars
import importlib
import io
import json
import os
import re
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session

from infra.cloud import REGION, Cloud, server_environment
from infra.local_aws import cognito, s3, ses
from tests import functions
from tests.quick_calls import SERVICES, quick_calls
from tests.quick_items import ITEM_CALLS

_sent_over_the_network = URLLib3Session.send

_SIGNED = re.compile(rf"/{REGION}/(\w+)/aws4_request")

# DynamoDB's reads, by the end of the target header.
_READING = (".BatchGetItem", ".ExecuteStatement", ".GetItem", ".Query", ".Scan")

# The names of MiniStack's functions.
_IN_SNAKES = {name: re.sub("(?=[A-Z])", "_", name).lower() for name in ITEM_CALLS}

# The number of requests that may have changed something: a dump is stale once it has grown.
num_changing = 0


@contextmanager
def in_process_cloud(home: Path, port: int) -> Iterator[Cloud]:
    """At most one per process: MiniStack keeps its state in modules."""
    endpoint = f"http://127.0.0.1:{port}"
    # MiniStack reads its environment when it is imported; tests set most of these names to their own values later.
    # Tests call as the account's root, without IAM, which would take a tenth of each call.
    environment = server_environment(home, port, keep_state=False) | {"AUTH": "false", "IOT_MTLS_ENABLED": "0"}
    with mock.patch.dict(os.environ, environment):
        from ministack.app import app

        cognito.mend()
        s3.mend()
        ses.mend()
        _serve(app, port)
        near = {name: importlib.import_module(f"ministack.services.{name}") for name in SERVICES}
    lock = threading.Lock()

    def send(session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        global num_changing
        num_changing += not _text(request.headers.get("X-Amz-Target", "")).endswith(_READING)
        body = _body(request)
        signed = _SIGNED.search(_text(request.headers.get("Authorization", "")))
        if signed and signed[1] == "lambda" and (answer := functions.invoked(request, body)):
            return answer
        module = near.get(signed[1]) if signed else None
        if module is None or not str(request.url).startswith(endpoint):
            return _sent_over_the_network(session, request)
        with lock:
            return contextvars.copy_context().run(_handled, module, request, body)

    with mock.patch.object(URLLib3Session, "send", send), quick_calls(endpoint):
        yield Cloud(endpoint)


def items_of(table_name: str) -> list[dict[str, Any]] | None:
    """All items of a table as DynamoDB writes them, not to be changed; None if it is not of this process's cloud.

    Read from MiniStack's memory: tests look at whole tables so often that scans took a third of their time.
    """
    dynamodb = sys.modules.get("ministack.services.dynamodb")
    if dynamodb is None:
        return None
    for (*_, name), table in dynamodb._tables.all_items():
        if name == table_name:
            return [item for of_pk in list(table["items"].values()) for item in list(of_pk.values())]
    return None


def _body(request: AWSPreparedRequest) -> bytes:
    body = request.body or b""
    return body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else b""


def _handled(module: Any, request: AWSPreparedRequest, body: bytes) -> AWSResponse:
    """Run one request through a service's handler, which must not await anything."""
    target = _text(request.headers.get("X-Amz-Target", ""))
    if target.startswith("DynamoDB_") and (operation := target.partition(".")[2]) in ITEM_CALLS:
        # Its handler builds a table of all operations for each call.
        status, answered, content = getattr(module, _IN_SNAKES[operation])(json.loads(body))
        return AWSResponse(str(request.url), status, answered | {"x-amzn-requestid": "near"}, _Raw(content))
    url = urlsplit(str(request.url))
    headers = {name.lower(): _text(value) for name, value in request.headers.items()} | {"host": url.netloc}
    asked = parse_qs(url.query, keep_blank_values=True)
    handling = module.handle_request(request.method, unquote(url.path), headers, body, asked)
    try:
        handling.send(None)
    except StopIteration as ended:
        status, answered, content = ended.value
        content = content if isinstance(content, bytes) else content.encode()
        return AWSResponse(str(request.url), status, answered | {"x-amzn-requestid": "near"}, _Raw(content))
    handling.close()
    raise AssertionError(f"{request.method} {request.url} waits for something: let it go over the network")


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


class _Raw(io.BytesIO):
    """A body as AWSResponse reads it."""

    def stream(self) -> Iterator[bytes]:
        yield self.read()


def _serve(app: Any, port: int) -> None:
    """Serve from a thread that ends with the process. Returns when MiniStack has started."""
    is_up = threading.Event()

    async def watched(scope: Any, receive: Any, send: Any) -> None:
        async def watched_send(message: Any) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                is_up.set()

        await app(scope, receive, watched_send if scope["type"] == "lifespan" else send)

    async def run() -> None:
        from hypercorn.asyncio import serve
        from hypercorn.config import Config

        config = Config()
        config.loglevel = "WARNING"
        # Bound already, so that the first caller waits rather than being refused.
        config.bind = [f"fd://{socket.create_server(('127.0.0.1', port)).detach()}"]
        await serve(watched, config, shutdown_trigger=asyncio.Event().wait)

    server = threading.Thread(target=asyncio.run, args=(run(),), name="local cloud", daemon=True)
    server.start()
    while not is_up.wait(1):
        assert server.is_alive(), "the local cloud did not start"
