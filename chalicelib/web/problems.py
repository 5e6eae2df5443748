"""Problem details (RFC 9457): the form of every error answer."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from chalice.app import Response
from pydantic import ConfigDict, ValidationError

from chalicelib.core.errors import MAX_ERRORS, BadRequest, FieldError, Invalid, MusterError
from chalicelib.core.lazy import BaseModel
from chalicelib.core.text import NOT_A_LINE
from chalicelib.web.validation_sentences import sentence_of

CONTENT_TYPE = "application/problem+json"
# A field that nobody knows may have any name; a sentence need not repeat all of it.
_MAX_NAME = 200

_HEADERS = {"Content-Type": CONTENT_TYPE, "X-Content-Type-Options": "nosniff"}


class ProblemField(BaseModel):
    field: str
    code: str
    message: str


class Problem(BaseModel):
    """RFC 9457 with `code`, stable and in snake_case, and `errors` for fields.

    `errors` are 100 at most; `num_more_errors` counts the others.
    """

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[ProblemField] = []
    num_more_errors: int = 0


def problem_of(error: MusterError) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
    }
    if error.errors:
        body["errors"] = [vars(item) for item in error.errors]
    if error.num_more_errors:
        body["num_more_errors"] = error.num_more_errors
    return body | error.extra


def problem_response(error: MusterError) -> Response:
    headers: dict[str, str | list[str]] = dict(_HEADERS)
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    return Response(json.dumps(problem_of(error)), headers, error.status)


def unexpected() -> MusterError:
    """For an exception that nobody foresaw. The answer says nothing about it."""
    return MusterError("internal_error", "Something went wrong on our side. Please try again in a few minutes.")


def unexpected_response() -> Response:
    return problem_response(unexpected())


# Our codes where pydantic's mean little to users of the API.
_CODES = {
    "missing": "required",
    "extra_forbidden": "unknown_field",
    "json_invalid": "unreadable_json",
    NOT_A_LINE: "string_pattern_mismatch",
}


def invalid_of(error: ValidationError) -> MusterError:
    """422 with every wrong field; 400 when the body is not JSON."""
    details = error.errors(include_url=False, include_input=False)
    if any(item["type"] == "json_invalid" for item in details):
        return BadRequest("unreadable_json", "The body of this request isn't valid JSON.")
    kept = details[:MAX_ERRORS]
    fields = [_field_error(item["loc"], item["type"], item["msg"], item.get("ctx") or {}) for item in kept]
    return Invalid(*fields, num_more=len(details) - len(fields))


def _field_error(location: Iterable[Any], kind: str, message: str, context: Mapping[str, Any]) -> FieldError:
    field = ".".join(str(part)[:_MAX_NAME] for part in location) or "body"
    return FieldError(field, _CODES.get(kind, kind), sentence_of(kind, message, context))


_CHALICE_PROBLEMS = {
    400: ("bad_request", "This request can't be read"),
    404: ("not_found", "Not found"),
    405: ("method_not_allowed", "This address doesn't take this method"),
    415: ("unsupported_media_type", "This kind of content can't be used here"),
}

Middleware = Callable[[Any, Any], Response]


def problems_of(app: Any) -> Middleware:
    """Chalice middleware: answers that Chalice gives by itself become problem details too."""

    def answer_problems(request: Any, get_response: Any) -> Response:
        response: Response = get_response(request)
        headers = {name.lower(): value for name, value in response.headers.items()}
        if response.status_code < 400 or str(headers.get("content-type", "")).startswith((CONTENT_TYPE, "text/html")):
            return response
        code, title = _CHALICE_PROBLEMS.get(response.status_code, ("internal_error", MusterError.title))
        detail = _taken(app, request) if response.status_code == 415 else f"{title}."
        body = {"type": "about:blank", "title": title, "status": response.status_code, "detail": detail, "code": code}
        kept = {name: value for name, value in response.headers.items() if name.lower() != "content-type"}
        return Response(json.dumps(body), {**kept, **_HEADERS}, response.status_code)

    return answer_problems


def _taken(app: Any, request: Any) -> str:
    route = app.routes[request.context["resourcePath"]][request.context["httpMethod"]]
    *others, last = route.content_types
    return (
        f"Send one of these as Content-Type: {', '.join(others)} or {last}."
        if others
        else (f"Send it with Content-Type {last}.")
    )
