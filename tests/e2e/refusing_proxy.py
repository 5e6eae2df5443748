"""A proxy before DynamoDB that refuses the write of one item: how DynamoDB refuses one of many, for a test to see.

It takes the statement out of the batch, so that the write really does not happen, and puts into the
answer what DynamoDB would have said of it.
"""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from tests.patience import SILENCE

_REFUSAL = {"Error": {"Code": "InternalServerError", "Message": "The request processing has failed."}}

# The local cloud's own account, for the batch that is sent on is not the one that was signed.
_ROOT = "AWS4-HMAC-SHA256 Credential=test/20270101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0"


@contextmanager
def refusing(endpoint: str, marker: str) -> Iterator[str]:
    """Refuse every inserted item that holds `marker`; gives the proxy's address."""
    target = urlsplit(endpoint).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = dict(self.headers.items())
            refused: list[int] = []
            if headers.get("X-Amz-Target", "").endswith("BatchExecuteStatement"):
                body, refused = _without(body, marker)
            if refused:
                headers |= {"Authorization": _ROOT, "Content-Length": str(len(body))}
            status, answer_headers, answer = _pass_on(target, headers, body)
            if refused:
                answer = _told(answer, refused)
            self.send_response(status)
            self.send_header("Content-Type", answer_headers.get("Content-Type", "application/x-amz-json-1.0"))
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
            """The test's output stays the test's."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def _without(body: bytes, marker: str) -> tuple[bytes, list[int]]:
    request = json.loads(body)
    refused = [
        index for index, statement in enumerate(request["Statements"]) if marker in json.dumps(statement["Parameters"])
    ]
    request["Statements"] = [s for index, s in enumerate(request["Statements"]) if index not in refused]
    return json.dumps(request).encode(), refused


def _pass_on(target: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
    if body and not json.loads(body).get("Statements", True):
        return 200, {}, b'{"Responses": []}'
    with closing(http.client.HTTPConnection(target, timeout=SILENCE)) as connection:
        connection.request("POST", "/", body, headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.headers.items()), answer.read()


def _told(answer: bytes, refused: list[int]) -> bytes:
    parsed = json.loads(answer)
    for index in refused:
        parsed["Responses"].insert(index, _REFUSAL)
    return json.dumps(parsed).encode()
