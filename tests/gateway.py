"""Requests as API Gateway hands them over, straight into the application."""

import base64
import json
from dataclasses import dataclass, field
from functools import lru_cache
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

# One for all, so that answers can be compared. Callers may choose another.
_REQUEST_ID = "6b3c41a0-1d2e-4f57-8a90-c0ffee000001"


@dataclass(frozen=True)
class Answer:
    """`json` is None when the body is none; header names are in small letters. `cookies` are all Set-Cookie headers."""

    status: int
    json: Any = None
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()


def send(
    method: str,
    path: str,
    *,
    claims: dict[str, str] | None,
    body: bytes | None,
    headers: dict[str, str],
    source: str = "192.0.2.1",
) -> Answer:
    """Do as API Gateway does: find the route, check that somebody is logged in, call the function."""
    from app import app

    parts = urlsplit(path)
    found = _match(app.routes, method, parts.path)
    if found is None:
        return _problem(404, "not_found")
    resource, params = found
    if app.routes[resource][method].authorizer is not None and claims is None:
        return _problem(401, "unauthorized")
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        values.setdefault(name, []).append(value)
    context: dict[str, Any] = {"resourcePath": resource, "httpMethod": method, "identity": {"sourceIp": source}}
    # With the stage in front, as long as nobody's own domain leads here.
    context["path"] = f"/dev{parts.path}"
    context["requestId"] = headers.get("x-amzn-RequestId", _REQUEST_ID)
    if claims is not None:
        context["authorizer"] = {"claims": claims}
    event = {
        "resource": resource,
        "path": parts.path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {name: given[-1] for name, given in values.items()} or None,
        "multiValueQueryStringParameters": values or None,
        "pathParameters": params or None,
        "stageVariables": None,
        "requestContext": context,
        "body": base64.b64encode(body).decode() if body is not None else None,
        "isBase64Encoded": body is not None,
    }
    return _answer(app(event, SimpleNamespace(aws_request_id="test", function_name="api")))


def _match(routes: Any, method: str, path: str) -> tuple[str, dict[str, str]] | None:
    """The route with the fewest parameters wins, as at API Gateway."""
    given = path.strip("/").split("/")
    by_length, greedy = _split(tuple(routes))
    found: list[tuple[str, dict[str, str]]] = []
    for resource, wanted in by_length.get(len(given), ()):
        params: dict[str, str] = {}
        for want, have in zip(wanted, given, strict=True):
            if want.startswith("{") and have:
                params[want[1:-1]] = unquote(have)
            elif want != have:
                break
        else:
            if method in routes[resource]:
                found.append((resource, params))
    if found:
        return min(found, key=lambda pair: len(pair[1]))
    for resource, before in greedy:
        # The rest of the path, with its slashes; least wanted of all.
        rest = path.removeprefix("/" + "/".join(before) + "/")
        if method in routes[resource] and given[: len(before)] == list(before) and rest and len(given) > len(before):
            return resource, {"proxy": unquote(rest)}
    return None


_Split = tuple[str, tuple[str, ...]]


@lru_cache(maxsize=4)
def _split(resources: tuple[str, ...]) -> tuple[dict[int, list[_Split]], list[_Split]]:
    """The resources and their parts by the number of these; and those that end with {proxy+}, with the parts before."""
    by_length: dict[int, list[_Split]] = {}
    greedy: list[_Split] = []
    for resource in resources:
        wanted = tuple(resource.strip("/").split("/"))
        if wanted[-1] == "{proxy+}":
            greedy.append((resource, wanted[:-1]))
        else:
            by_length.setdefault(len(wanted), []).append((resource, wanted))
    return by_length, greedy


def _answer(raw: dict[str, Any]) -> Answer:
    headers = {name.lower(): str(value) for name, value in (raw.get("headers") or {}).items()}
    headers |= {name.lower(): str(value[-1]) for name, value in (raw.get("multiValueHeaders") or {}).items()}
    multi = {name.lower(): value for name, value in (raw.get("multiValueHeaders") or {}).items()}
    cookies = tuple(str(value) for value in multi.get("set-cookie", ()))
    text = raw.get("body") or ""
    if raw.get("isBase64Encoded"):
        text = base64.b64decode(text).decode("utf-8", "replace")
    is_json = "json" in headers.get("content-type", "")
    return Answer(raw["statusCode"], json.loads(text) if is_json and text else None, text, headers, cookies)


def _problem(status: int, code: str) -> Answer:
    headers = {"content-type": "application/problem+json"}
    return Answer(status, {"status": status, "code": code}, headers=headers)
