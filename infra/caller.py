"""Somebody who uses the deployed API over HTTP, logged in by it like any front end."""

import json
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_SECONDS = 60


class Refused(Exception):
    """The API answered 4xx or 5xx; `problem` is its body (RFC 9457)."""

    def __init__(self, request: str, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{request} answered {status}: {json.dumps(problem, ensure_ascii=False)}")
        self.status = status
        self.problem = problem


@dataclass(frozen=True)
class Caller:
    api_url: str
    token: str = ""

    def get(self, path: str, **query: str | int) -> Any:
        return self._send("GET", path + (f"?{urllib.parse.urlencode(query)}" if query else ""))

    def every(self, path: str, **query: str | int) -> Iterator[Any]:
        """The items of a list, page after page."""
        page = self.get(path, **query)
        yield from page["items"]
        while page["next_cursor"]:
            page = self.get(path, **query, cursor=page["next_cursor"])
            yield from page["items"]

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Under a new Idempotency-Key, as a browser sends one for each form."""
        return self._send("POST", path, json.dumps(body).encode(), {"Idempotency-Key": str(uuid.uuid4())})

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._send("PUT", path, json.dumps(body).encode())

    def _send(self, method: str, path: str, body: bytes | None = None, more: Mapping[str, str] | None = None) -> Any:
        headers = {"Content-Type": "application/json", **(more or {})}
        if self.token:
            headers["Authorization"] = self.token
        request = urllib.request.Request(self.api_url + path, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise Refused(f"{method} {path}", error.code, _problem(error.read())) from None


def _problem(body: bytes) -> dict[str, Any]:
    try:
        return dict(json.loads(body))
    except ValueError:
        return {"detail": body.decode(errors="replace")}


def log_in(api_url: str, name: str, password: str) -> Caller:
    """With e-mail address or login name. Raises Refused."""
    answer = Caller(api_url).post("/auth/login", {"login": name, "password": password})
    return Caller(api_url, str(answer["id_token"]))
