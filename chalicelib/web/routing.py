"""Routes: their registration, and what happens before and after each of them.

A route's function takes a `Call`, calls one service, and returns a pydantic model, a page, or a ready Response. The
request is parsed and validated before.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalice.app import Blueprint, CognitoUserPoolAuthorizer, Response
from pydantic import ValidationError

from chalicelib.core import observability
from chalicelib.core.clock import utc_now
from chalicelib.core.errors import BadRequest, FieldError, Invalid, MusterError, NotFound, TooLarge
from chalicelib.core.lazy import BaseModel
from chalicelib.web.call import JSON as JSON
from chalicelib.web.call import Call as Call
from chalicelib.web.call import Empty as Empty
from chalicelib.web.html import HtmlPage, Redirect, problem_page, root
from chalicelib.web.problems import invalid_of, problem_response, unexpected, unexpected_response
from chalicelib.web.requests import (
    account_id_of,
    address_without_slash,
    content_type_of,
    form_of,
    logged_in_at_of,
    names_of,
    query_of,
    source_of,
    verified_email_of,
    wants_json,
)

MAX_BODY_BYTES = 1_000_000
MAX_FILE_BYTES = 5_000_000
MAX_KEY_LENGTH = 255
# Lambda takes 6 MB, with the headers and what stands around them.
MAX_ANSWER = 6_000_000

# API Gateway checks the token before any code runs; infra/resources.yaml names the user pool.
AUTHORIZER = CognitoUserPoolAuthorizer("accounts", provider_arns=["set-by-infra"])

FORM = ("application/x-www-form-urlencoded",)
HTML = "text/html"

# A page loads nothing, runs no scripts, cannot be framed, and sends its address, which may be secret, to no other site.
_PAGE_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-store",
}

# Ids hold nothing else; above all no '#', which separates the parts of keys.
_ID = re.compile(r"[0-9A-Za-z_.~-]{1,200}")

# What is longer is no id, whatever stands behind it: to look at 9,000 full stops took a second.
_MAX_LINK = 400

# What mail readers and people take along behind a link that they paste: punctuation, as it is or as %3E.
_BEHIND_A_LINK = re.compile(
    r"""(?:[.,;:!?*'"()<>\[\]{}|\u2019\u201d\u00bb\u2026]|%(?:2[12789ACEace]|3[ABCEFabcef]|5[BDbd]|7[BCDbcd]))+$"""
)


@dataclass(frozen=True)
class Route:
    """A route as the OpenAPI document and the structure tests see it.

    `needs` is the permission that the caller has to have, empty for routes about one's own account. `limited`: a role
    that is limited to departments may use it for the people of these.
    """

    method: str
    path: str
    tag: str
    summary: str
    answer: type[BaseModel] | None
    body: type[BaseModel] | None
    query: type[BaseModel]
    status: int
    public: bool
    idempotent: bool
    content_type: str
    description: str
    needs_key: bool = False
    takes: tuple[str, ...] = JSON
    max_bytes: int = MAX_BODY_BYTES
    also_answers: tuple[str, ...] = ()
    needs: str = ""
    limited: bool = False

    @property
    def is_page(self) -> bool:
        return self.content_type == HTML

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


ROUTES: list[Route] = []

# The clock of requests; tests replace it.
clock: list[Callable[[], datetime]] = [utc_now]


class Routes:
    """The routes of one feature, on a Chalice blueprint. They need the permission `needs`, unless they name another."""

    def __init__(self, tag: str, import_name: str, *, needs: str = "", limited: bool = False) -> None:
        self.blueprint = Blueprint(import_name)
        self._tag, self._needs, self._limited = tag, needs, limited

    def add(
        self,
        method: str,
        path: str,
        *,
        summary: str,
        answer: type[BaseModel] | None,
        body: type[BaseModel] | None = None,
        query: type[BaseModel] = Empty,
        status: int = 200,
        public: bool = False,
        idempotent: bool = False,
        needs_key: bool = False,
        content_type: str = "application/json",
        takes: tuple[str, ...] = JSON,
        max_bytes: int = MAX_BODY_BYTES,
        tag: str | None = None,
        also_answers: tuple[str, ...] = (),
        needs: str | None = None,
        limited: bool | None = None,
    ) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
        """`idempotent`: takes an Idempotency-Key, under which the same request happens once. `needs_key`: refused
        without one. `takes`: the content types that a body may have; JSON and FORM are parsed into `body`, files are
        left as they are. `also_answers`: further content types of the answer. `tag`, `needs`, `limited`: where they are
        not the feature's own.
        """

        def register(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
            description = (function.__doc__ or "").strip()
            route = Route(
                method, path, tag or self._tag, summary, answer, body, query, status, public, idempotent, content_type,
                description, needs_key, takes, max_bytes, also_answers,
                "" if public else self._needs if needs is None else needs,
                self._limited if limited is None else limited,
            )  # fmt: skip
            ROUTES.append(route)
            blueprint = self.blueprint

            def view(**params: str) -> Response:
                answer = _respond(route, function, blueprint.current_request, params)
                is_head = blueprint.current_request.method == "HEAD"
                return Response("", answer.headers, answer.status_code) if is_head else answer

            view.__name__ = function.__name__
            security = {} if public else {"authorizer": AUTHORIZER}
            # Link checkers and mail filters ask with HEAD; it answers as GET, without a body.
            methods = ["GET", "HEAD"] if public and method == "GET" else [method]
            blueprint.route(path, methods=methods, name=function.__name__, content_types=list(takes), **security)(view)
            return function

        return register


def _refuse_too_long(route: Route, text: str) -> None:
    """Raises Invalid where the page of a list is more than a function may answer: a 502 without words."""
    # A letter takes up to six bytes on its way, as \uXXXX in the answer to Lambda.
    if "limit" in route.query.model_fields and len(text) > MAX_ANSWER // 6 and len(json.dumps(text)) > MAX_ANSWER:
        problem = "These entries are too long to be sent at once. Ask for fewer of them with a smaller limit."
        raise Invalid(FieldError("limit", "answer_too_large", problem))


def _respond(route: Route, function: Callable[[Any], Any], request: Any, params: dict[str, str]) -> Response:
    as_page = route.is_page and not _as_json(route, request)
    try:
        if as_page and (shorter := address_without_slash(request)):
            return Response("", {**_PAGE_HEADERS, "Location": shorter}, 308)
        result = function(_parse(route, request, params))
        if isinstance(result, Response):
            return result
        if isinstance(result, Redirect):
            return Response("", {**_PAGE_HEADERS, "Location": root() + result.location}, 303)
        if isinstance(result, HtmlPage):
            return _page_response(result)
        text = result.model_dump_json() if isinstance(result, BaseModel) else ""
        _refuse_too_long(route, text)
        headers: dict[str, str | list[str]] = {
            "Content-Type": "application/json",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        }
        return Response(text, headers, route.status)
    except MusterError as error:
        if error.status >= 500:
            observability.failure("request failed", route=route.name, code=error.code)
        return _page_response(problem_page(error)) if as_page else problem_response(error)
    except Exception:
        # A bug: the log has the stack, the answer does not.
        observability.failure("request failed unexpectedly", route=route.name)
        return _page_response(problem_page(unexpected())) if as_page else unexpected_response()


def _as_json(route: Route, request: Any) -> bool:
    return JSON[0] in route.also_answers and wants_json(request)


def _page_response(page: HtmlPage) -> Response:
    retry_after = {"Retry-After": str(page.retry_after)} if page.retry_after is not None else {}
    return Response(page.html, {**_PAGE_HEADERS, **retry_after}, page.status)


def _parse(route: Route, request: Any, params: dict[str, str]) -> Call[Any, Any]:
    account_id = "" if route.public else account_id_of(request)
    if route.is_page:
        params = {name: _without_behind(value) for name, value in params.items()}
    if any(not _ID.fullmatch(value) for value in params.values()):
        raise NotFound()
    raw = request.raw_body or b""
    if len(raw) > route.max_bytes:
        raise TooLarge("body_too_large", f"A body may have {route.max_bytes:,} bytes at most here.")
    try:
        body, query = _body(route, raw), _query(route, request)
    except ValidationError as error:
        raise invalid_of(error) from None
    key = request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= MAX_KEY_LENGTH:
        raise Invalid(FieldError("Idempotency-Key", "invalid_key", f"A key can have 1 to {MAX_KEY_LENGTH} characters."))
    return Call(
        route=f"{route.method} {route.path.format(**params)}",
        account_id=account_id,
        params=params,
        body=body,
        query=query,
        raw_body=raw,
        idempotency_key=key,
        msp_id=request.headers.get("muster-msp"),
        now=clock[0](),
        email=verified_email_of(request),
        names=names_of(request),
        source=source_of(request),
        content_type=content_type_of(request),
        logged_in_at=logged_in_at_of(request),
        needs=route.needs,
        if_none_match=request.headers.get("if-none-match") or "",
        wants_json=_as_json(route, request),
    )


def _without_behind(value: str) -> str:
    return _BEHIND_A_LINK.sub("", value) if len(value) <= _MAX_LINK else value


def _query(route: Route, request: Any) -> BaseModel:
    """Of a page: what it knows of the query string. The rest was put there by tools, and means nothing to it."""
    try:
        return route.query.model_validate(query_of(request, route.query.model_fields if route.is_page else None))
    except (ValidationError, Invalid):
        if not route.is_page:
            raise
        return route.query()


def _body(route: Route, raw: bytes) -> BaseModel:
    if route.body is None:
        return Empty()
    if route.takes == FORM:
        # Programs that fill in forms add fields of their own.
        known = {name: text for name, text in form_of(raw).items() if name in route.body.model_fields}
        return route.body.model_validate(known)
    if not raw.strip():
        raise BadRequest("body_missing", "This request needs a JSON body.")
    return route.body.model_validate_json(raw, strict=True)
