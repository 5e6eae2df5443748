"""MiniStack in the process of the tests, which make 800,000 calls.

It serves its port from a thread. Calls of the three most used services skip the network and the server, which would
take half of their time: they go from botocore's last step directly to MiniStack's first. End-to-end tests start
MiniStack in a process of its own (tests/e2e/conftest.py).
"""

import asyncio
import contextvars
import io
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import unquote, urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session
from botocore.useragent import UserAgentString

from infra.cloud import Cloud, server_environment
from infra.local_aws import cognito, ses

_sent_over_the_network = URLLib3Session.send

# The signatures of the services whose calls never wait. SQS does wait when WaitTimeSeconds is set.
_NEAR = (b"/dynamodb/aws4_request", b"/sqs/aws4_request", b"/scheduler/aws4_request")
_WAITING = b"WaitTimeSeconds"

# DynamoDB's reads, by the end of the target header.
_READING = (".BatchGetItem", ".GetItem", ".Query", ".Scan")

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
        ses.mend()
        _serve(app, port)
    lock = threading.Lock()

    def send(session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        global num_changing
        num_changing += not _text(request.headers.get("X-Amz-Target", "")).endswith(_READING)
        body = _body(request)
        if not str(request.url).startswith(endpoint) or not _is_near(request, body):
            return _sent_over_the_network(session, request)
        with lock:
            return contextvars.copy_context().run(_handled, app, request, body)

    # Composing the User-Agent takes a tenth of a call.
    user_agent = mock.patch.object(UserAgentString, "to_string", return_value="tests")
    with mock.patch.object(URLLib3Session, "send", send), user_agent:
        yield Cloud(endpoint)


def _is_near(request: AWSPreparedRequest, body: bytes) -> bool:
    signed = _bytes(request.headers.get("Authorization", b""))
    return any(name in signed for name in _NEAR) and _WAITING not in body


def _body(request: AWSPreparedRequest) -> bytes:
    body = request.body or b""
    return body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else b""


def _handled(app: Any, request: AWSPreparedRequest, body: bytes) -> AWSResponse:
    """Run one request through the ASGI application, which must not await anything."""
    url = urlsplit(str(request.url))
    headers = [(name.lower().encode(), _bytes(value)) for name, value in request.headers.items()]
    headers += [(b"host", url.netloc.encode()), (b"content-length", str(len(body)).encode())]
    scope = {
        "type": "http", "http_version": "1.1", "scheme": "http", "method": request.method,
        "path": unquote(url.path) or "/", "raw_path": (url.path or "/").encode(), "query_string": url.query.encode(),
        "headers": list(dict(headers).items()), "client": ("127.0.0.1", 1), "server": (url.hostname, url.port),
    }  # fmt: skip
    start: dict[str, Any] = {}
    parts: list[bytes] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            parts.append(message.get("body", b""))

    running = app(scope, receive, send)
    try:
        running.send(None)
    except StopIteration:
        answered = {name.decode(): value.decode() for name, value in start["headers"]}
        return AWSResponse(str(request.url), start["status"], answered, _Raw(b"".join(parts)))
    running.close()
    raise AssertionError(f"{request.method} {request.url} waits for something: let it go over the network")


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


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

    threading.Thread(target=asyncio.run, args=(run(),), name="local cloud", daemon=True).start()
    if not is_up.wait(60):
        raise RuntimeError("the local cloud is not up within 60 s")
