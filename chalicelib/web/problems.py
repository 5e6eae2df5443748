"""Problem details (RFC 9457): the form of every error answer."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from chalice.app import Response
from pydantic import ConfigDict, ValidationError
from pydantic_core.core_schema import ErrorType

from chalicelib.core.errors import BadRequest, FieldError, Invalid, MusterError, TooMany, Unavailable
from chalicelib.core.lazy import BaseModel

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


# Our codes and sentences where pydantic's mean little to users of the API.
_CODES = {"missing": "required", "extra_forbidden": "unknown_field", "json_invalid": "unreadable_json"}
_SENTENCES = {
    "missing": "This field is required.",
    "extra_forbidden": "This field is not known here. Leave it out.",
    "string_type": "This must be text.",
    "string_too_short": "This needs at least {min_length} characters.",
    "string_too_long": "This can have at most {max_length} characters.",
    "string_pattern_mismatch": "This has characters that can't be used here.",
    "too_short": "Give at least {min_length}.",
    "too_long": "Give at most {max_length}.",
    "literal_error": "This must be {expected}.",
    "enum": "This must be {expected}.",
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
    "datetime_type": "This must be a date and time, such as 2027-01-31T09:00:00Z.",
    "datetime_parsing": "This must be a date and time, such as 2027-01-31T09:00:00Z.",
    "datetime_from_date_parsing": "This must be a date and time, such as 2027-01-31T09:00:00Z.",
    "timezone_aware": "This needs a time zone, such as the Z in 2027-01-31T09:00:00Z.",
}
# Of the validator's other kinds no sentence reaches a reader; our own kinds bring their own.
_BUILT_IN = frozenset(get_args(ErrorType))


def invalid_of(error: ValidationError) -> MusterError:
    """422 with every wrong field; 400 when the body is not JSON."""
    details = error.errors(include_url=False, include_input=False)
    if any(item["type"] == "json_invalid" for item in details):
        return BadRequest("unreadable_json", "The body is not JSON.")
    return Invalid(*(_field_error(item["loc"], item["type"], item["msg"], item.get("ctx", {})) for item in details))


def _field_error(location: Iterable[Any], kind: str, message: str, context: Mapping[str, Any]) -> FieldError:
    field = ".".join(str(part) for part in location) or "body"
    if kind in _SENTENCES:
        sentence = _SENTENCES[kind].format_map(context)
    elif kind in _BUILT_IN and kind != "value_error":
        sentence = "This value can't be used here."
    else:
        sentence = message.removeprefix("Value error, ")
    return FieldError(field, _CODES.get(kind, kind), sentence if sentence.endswith(".") else sentence + ".")


_CHALICE_PROBLEMS = {
    400: ("bad_request", "The request cannot be read"),
    404: ("not_found", "Not found"),
    405: ("method_not_allowed", "This method is not allowed here"),
    415: ("unsupported_media_type", "Send JSON, with Content-Type application/json"),
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
