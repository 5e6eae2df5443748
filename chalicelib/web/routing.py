"""Routes: what one needs to say of itself, and the little that happens around every one of them.

A route's function takes a `Call` and answers a pydantic model, a page, or a ready Response. It does three
things: parse, one service call, shape the answer; parsing has happened when it is called.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl

from chalice.app import Blueprint, CognitoUserPoolAuthorizer, Response
from pydantic import ConfigDict, ValidationError

from chalicelib.core import observability
from chalicelib.core.clock import utc_now
from chalicelib.core.errors import BadRequest, FieldError, Forbidden, Invalid, MusterError, NotFound, TooLarge
from chalicelib.core.lazy import BaseModel
from chalicelib.web.html import HtmlPage, Redirect, problem_page
from chalicelib.web.problems import invalid_of, problem_response, unexpected, unexpected_response

MAX_BODY_BYTES = 1_000_000
MAX_FILE_BYTES = 5_000_000
MAX_KEY_LENGTH = 255

# API Gateway checks the token before any code runs; infra/resources.yaml names the user pool.
AUTHORIZER = CognitoUserPoolAuthorizer("accounts", provider_arns=["set-by-infra"])

JSON = ("application/json",)
FORM = ("application/x-www-form-urlencoded",)
HTML = "text/html"

# A page loads nothing, runs nothing, is framed by nobody, and tells no other site its address, which may be a secret.
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

# No id of ours holds anything else; above all no '#', which separates the parts of keys.
_ID = re.compile(r"[0-9A-Za-z_.~-]{1,200}")


class Empty(BaseModel):
    """No fields."""

    model_config = ConfigDict(extra="forbid")


B = TypeVar("B", bound=BaseModel)
Q = TypeVar("Q", bound=BaseModel)


@dataclass(frozen=True)
class Call(Generic[B, Q]):
    """One request, parsed. `account_id` is the Cognito subject, empty on public routes.

    `email` is the account's address, if Cognito has verified it. `source` is the address that the request came
    from, as API Gateway saw it. `content_type` is that of the body, without parameters.
    `msp_id` is the `Muster-Msp` header: which MSP is meant by an account that administers several.
    `route` names method and path with its parameters filled in: idempotency keys are scoped by it.
    """

    route: str
    account_id: str
    params: dict[str, str]
    body: B
    query: Q
    raw_body: bytes
    idempotency_key: str | None
    msp_id: str | None
    now: datetime
    email: str | None = None
    source: str = ""
    content_type: str = ""

    @property
    def request_fingerprint(self) -> bytes:
        """What makes two requests the same: body, filters of the query string, and the MSP that is meant."""
        filters = self.query.model_dump_json(exclude_defaults=True)
        chosen = f"\n{self.msp_id}" if self.msp_id else ""
        return self.raw_body + ("" if filters == "{}" else filters).encode() + chosen.encode()


@dataclass(frozen=True)
class Route:
    """What the OpenAPI document, the structure tests and the walk through all routes know of a route."""

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

    @property
    def is_page(self) -> bool:
        return self.content_type == HTML

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


ROUTES: list[Route] = []

# The time of day of requests; tests put their own here.
clock: list[Callable[[], datetime]] = [utc_now]


class Routes:
    """The routes of one feature, on a Chalice blueprint."""

    def __init__(self, tag: str, import_name: str) -> None:
        self.blueprint = Blueprint(import_name)
        self._tag = tag

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
    ) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
        """`idempotent`: takes an Idempotency-Key, under which the same request happens once. `needs_key`: refused
        without one. `takes`: the content types that a body may have; JSON and FORM are parsed into `body`, files are
        left as they are. `tag`: the heading in the documentation, where it is not the feature's own.
        """

        def register(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
            description = (function.__doc__ or "").strip()
            route = Route(
                method, path, tag or self._tag, summary, answer, body, query, status, public, idempotent, content_type,
                description, needs_key, takes, max_bytes,
            )  # fmt: skip
            ROUTES.append(route)
            blueprint = self.blueprint

            def view(**params: str) -> Response:
                return _respond(route, function, blueprint.current_request, params)

            view.__name__ = function.__name__
            security = {} if public else {"authorizer": AUTHORIZER}
            blueprint.route(path, methods=[method], name=function.__name__, content_types=list(takes), **security)(view)
            return function

        return register


def _respond(route: Route, function: Callable[[Any], Any], request: Any, params: dict[str, str]) -> Response:
    try:
        result = function(_parse(route, request, params))
        if isinstance(result, Response):
            return result
        if isinstance(result, Redirect):
            return Response("", {**_PAGE_HEADERS, "Location": result.location}, 303)
        if isinstance(result, HtmlPage):
            return _page_response(result)
        text = result.model_dump_json() if isinstance(result, BaseModel) else ""
        headers: dict[str, str | list[str]] = {"Content-Type": "application/json", "Cache-Control": "no-store"}
        return Response(text, headers, route.status)
    except MusterError as error:
        if error.status >= 500:
            observability.failure("request failed", route=route.name, code=error.code)
        return _page_response(problem_page(error)) if route.is_page else problem_response(error)
    except Exception:
        # The last line of defence: logged with its stack, answered without it.
        observability.failure("request broke", route=route.name)
        return _page_response(problem_page(unexpected())) if route.is_page else unexpected_response()


def _page_response(page: HtmlPage) -> Response:
    waiting = {"Retry-After": str(page.retry_after)} if page.retry_after is not None else {}
    return Response(page.html, {**_PAGE_HEADERS, **waiting}, page.status)


def _parse(route: Route, request: Any, params: dict[str, str]) -> Call[Any, Any]:
    account_id = "" if route.public else _account_id(request)
    if any(not _ID.fullmatch(value) for value in params.values()):
        raise NotFound()
    raw = request.raw_body or b""
    if len(raw) > route.max_bytes:
        raise TooLarge("body_too_large", f"A body may have {route.max_bytes:,} bytes at most here.")
    try:
        body = _body(route, raw)
        query = _query(route, request)
    except ValidationError as error:
        raise invalid_of(error) from None
    key = request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= MAX_KEY_LENGTH:
        raise Invalid(FieldError("Idempotency-Key", "invalid_key", f"A key has 1 to {MAX_KEY_LENGTH} characters."))
    path = f"{route.method} {route.path.format(**params)}"
    chosen_msp = request.headers.get("muster-msp")
    return Call(
        path, account_id, params, body, query, raw, key, chosen_msp, clock[0](), _verified_email(request),
        _source(request), (request.headers.get("content-type") or "").split(";")[0].strip().lower(),
    )  # fmt: skip


def _claims(request: Any) -> dict[str, Any]:
    return ((request.context or {}).get("authorizer") or {}).get("claims") or {}


def _source(request: Any) -> str:
    return str(((request.context or {}).get("identity") or {}).get("sourceIp") or "")


def _verified_email(request: Any) -> str | None:
    claims = _claims(request)
    return str(claims["email"]) if claims.get("email") and str(claims.get("email_verified")).lower() == "true" else None


def _account_id(request: Any) -> str:
    claims = _claims(request)
    # Access tokens pass Cognito's authorizer when no scope is asked for, but carry no identity.
    if claims.get("token_use") != "id" or not claims.get("sub"):
        raise Forbidden("Send the ID token, not the access token.", "wrong_token")
    return str(claims["sub"])


def _body(route: Route, raw: bytes) -> BaseModel:
    if route.body is None:
        return Empty()
    if route.takes == FORM:
        return route.body.model_validate(_form(raw))
    if not raw.strip():
        raise BadRequest("body_missing", "This request needs a JSON body.")
    return route.body.model_validate_json(raw, strict=True)


def _form(raw: bytes) -> dict[str, str]:
    """What a page's form holds; a field that is there twice is refused, not guessed at."""
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, strict_parsing=bool(raw), errors="strict")
    except ValueError:
        raise BadRequest("unreadable_form", "The form cannot be read.") from None
    values = dict(pairs)
    if len(values) < len(pairs):
        raise BadRequest("unreadable_form", "A field of the form is there twice.")
    return values


def _query(route: Route, request: Any) -> BaseModel:
    """Values of the query string; one that is given twice is refused, not guessed at."""
    multi = request.query_params
    values: dict[str, str] = {}
    if multi is not None:
        for name in multi:
            given = multi.getlist(name)
            if len(given) > 1:
                raise Invalid(FieldError(name, "repeated", "Give this parameter once."))
            values[name] = given[0]
    return route.query.model_validate(values)
