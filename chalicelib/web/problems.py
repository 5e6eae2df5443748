"""Problem details (RFC 9457): the form of every error answer."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_args

from chalice.app import CaseInsensitiveMapping, Response
from pydantic import ConfigDict, ValidationError
from pydantic_core.core_schema import ErrorType

from chalicelib.core.errors import MAX_ERRORS, BadRequest, FieldError, Invalid, MusterError
from chalicelib.core.lazy import BaseModel

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
_CODES = {"missing": "required", "extra_forbidden": "unknown_field", "json_invalid": "unreadable_json"}

# Our sentences, with what pydantic knows of the rule: {max_length} and the like.
_SENTENCES = {
    "missing": "This field is required.",
    "extra_forbidden": "This field is not known here. Leave it out.",
    "string_type": "This must be text.",
    "string_unicode": "This must be text.",
    "string_too_short": "This needs at least {min_length} characters.",
    "string_too_long": "This can have at most {max_length} characters.",
    "string_pattern_mismatch": "This has characters that can't be used here.",
    "too_short": "Give at least {min_length}.",
    "too_long": "Give at most {max_length}.",
    "int_type": "This must be a whole number.",
    "int_parsing": "This must be a whole number.",
    "int_from_float": "This must be a whole number.",
    "float_type": "This must be a number.",
    "float_parsing": "This must be a number.",
    "bool_type": "This must be true or false.",
    "bool_parsing": "This must be true or false.",
    "list_type": "This must be a list.",
    "dict_type": "This must be an object with fields.",
    "model_type": "This must be an object with fields.",
    "model_attributes_type": "This must be an object with fields.",
    "greater_than": "This must be more than {gt}.",
    "greater_than_equal": "This must be {ge} or more.",
    "less_than": "This must be less than {lt}.",
    "less_than_equal": "This must be {le} or less.",
    "date_type": "This must be a date, such as 2027-01-31.",
    "date_parsing": "This must be a date, such as 2027-01-31.",
    "date_from_datetime_parsing": "This must be a date, such as 2027-01-31.",
    "date_from_datetime_inexact": "This must be a date, such as 2027-01-31.",
    "datetime_type": "This must be a date and time, such as 2027-01-31T09:00:00Z.",
    "datetime_parsing": "This must be a date and time, such as 2027-01-31T09:00:00Z.",
    "datetime_from_date_parsing": "This must be a date and time, such as 2027-01-31T09:00:00Z.",
    "timezone_aware": "This needs a time zone, such as the Z in 2027-01-31T09:00:00Z.",
}
# Of the validator's other kinds no sentence reaches a reader; our own kinds bring their own.
_BUILT_IN = frozenset(get_args(ErrorType))

# What stands between quotes in the choices as pydantic prints them, members of enumerations among them.
_CHOICE = re.compile(r"'([^']*)'")


def invalid_of(error: ValidationError) -> MusterError:
    """422 with every wrong field; 400 when the body is not JSON."""
    details = error.errors(include_url=False, include_input=False)
    if any(item["type"] == "json_invalid" for item in details):
        return BadRequest("unreadable_json", "The body is not JSON.")
    fields = [_field_error(item["loc"], item["type"], item) for item in details[:MAX_ERRORS]]
    return Invalid(*fields, num_more=len(details) - len(fields))


def _field_error(location: Iterable[Any], kind: str, item: Mapping[str, Any]) -> FieldError:
    field = ".".join(str(part)[:_MAX_NAME] for part in location) or "body"
    context = item.get("ctx") or {}
    if kind in ("enum", "literal_error"):
        sentence = f"This must be one of: {', '.join(_CHOICE.findall(context['expected']))}."
    elif kind in _SENTENCES:
        sentence = _SENTENCES[kind].format_map(context)
    elif kind in _BUILT_IN and kind != "value_error":
        sentence = "This value can't be used here."
    else:
        sentence = item["msg"].removeprefix("Value error, ")
    return FieldError(field, _CODES.get(kind, kind), sentence if sentence.endswith(".") else sentence + ".")


_CHALICE_PROBLEMS = {
    400: ("bad_request", "The request cannot be read"),
    404: ("not_found", "Not found"),
    405: ("method_not_allowed", "This method is not allowed here"),
    415: ("unsupported_media_type", "This content type is not taken here"),
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


def accept_everything(request: Any, get_response: Any) -> Response:
    """Chalice middleware: a binary answer goes to everybody, not only to who says by an Accept header to take it."""
    request.headers = CaseInsensitiveMapping({**request.headers, "accept": "*/*"})
    response: Response = get_response(request)
    return response
