"""Problem details (RFC 9457): the form of every error answer."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from chalice.app import Response
from pydantic import ConfigDict, ValidationError

from chalicelib.core.errors import BadRequest, FieldError, Invalid, MusterError, TooMany, Unavailable
from chalicelib.core.lazy import BaseModel
from chalicelib.web.validation_sentences import sentence_of

CONTENT_TYPE = "application/problem+json"


class ProblemField(BaseModel):
    field: str
    code: str
    message: str


class Problem(BaseModel):
    """RFC 9457 with `code`, stable and in snake_case, and `errors` for fields."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[ProblemField] = []


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
    return body | error.extra


def problem_response(error: MusterError) -> Response:
    headers: dict[str, str | list[str]] = {"Content-Type": CONTENT_TYPE}
    if isinstance(error, TooMany | Unavailable):
        headers["Retry-After"] = str(error.retry_after)
    return Response(json.dumps(problem_of(error)), headers, error.status)


def unexpected() -> MusterError:
    """For an exception that nobody foresaw. The answer says nothing about it."""
    return MusterError("internal_error", "Something went wrong on our side. Please try again in a few minutes.")


def unexpected_response() -> Response:
    return problem_response(unexpected())


# Our codes where pydantic's mean little to users of the API.
_CODES = {"missing": "required", "extra_forbidden": "unknown_field", "json_invalid": "unreadable_json"}


def invalid_of(error: ValidationError) -> MusterError:
    """422 with every wrong field; 400 when the body is not JSON."""
    details = error.errors(include_url=False, include_input=False)
    if any(item["type"] == "json_invalid" for item in details):
        return BadRequest("unreadable_json", "The body of this request isn't valid JSON.")
    return Invalid(*(_field_error(item["loc"], item["type"], item["msg"], item.get("ctx", {})) for item in details))


def _field_error(location: Iterable[Any], kind: str, message: str, context: Mapping[str, Any]) -> FieldError:
    field = ".".join(str(part) for part in location) or "body"
    return FieldError(field, _CODES.get(kind, kind), sentence_of(kind, message, context))


_CHALICE_PROBLEMS = {
    400: ("bad_request", "This request can't be read"),
    404: ("not_found", "Not found"),
    405: ("method_not_allowed", "This address doesn't take this method"),
    415: ("unsupported_media_type", "Please send JSON, with the header Content-Type: application/json"),
}


def answer_problems(event: Any, get_response: Any) -> Response:
    """Chalice middleware: answers that Chalice gives by itself become problem details too."""
    response: Response = get_response(event)
    headers = {name.lower(): value for name, value in response.headers.items()}
    if response.status_code < 400 or str(headers.get("content-type", "")).startswith((CONTENT_TYPE, "text/html")):
        return response
    code, title = _CHALICE_PROBLEMS.get(response.status_code, ("internal_error", MusterError.title))
    body = {"type": "about:blank", "title": title, "status": response.status_code, "detail": title + ".", "code": code}
    kept = {name: value for name, value in response.headers.items() if name.lower() != "content-type"}
    return Response(json.dumps(body), {**kept, "Content-Type": CONTENT_TYPE}, response.status_code)
