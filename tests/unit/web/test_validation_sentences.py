"""Every schema of the routes is given wrong values: what comes back is ours, whatever the validator says."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError
from pydantic_core import core_schema

import app
from chalicelib.core.errors import FieldError, Invalid
from chalicelib.core.text import Id, Line
from chalicelib.people.uploads.schemas import Approval
from chalicelib.web.problems import invalid_of
from chalicelib.web.routing import ROUTES
from chalicelib.web.validation_sentences import sentence_of

WRONG: list[Any] = [
    None, "", "\u0001", "? *", "x" * 9000, -1, 10**9, 10**300, 1.5, True, [], [1], ["\u0001"], ["x"] * 2000, {},
    {"a": {"a": 1}}, "2027-13-99", "2027-01-31", "2027-01-31T09:00:00", "24:99", [{}], [{"a": 1}], [None],
]  # fmt: skip
# How pydantic begins its sentences, and what of Python and of patterns stands in them.
VALIDATORS = re.compile(
    r"Input should|String should|List should|Value error|valid (string|integer|list|dictionary|boolean|instance)"
    r"|permitted|pattern|regex|[\^$\\]|\[[0-9A-Za-z]-|<\w|None\b|__|\bPydantic|instance of"
)

_OF_FIELDS = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.")
# Names that came from outside, of fields that nobody knows.
_SENT = {"no_such_field", "a"}


def _schemas() -> list[tuple[str, type[BaseModel]]]:
    assert app.app
    found = {schema.__name__: schema for route in ROUTES for schema in (route.body, route.query) if schema}
    return sorted(found.items())


def _nested(schema: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The schema, and those of its fields."""
    yield schema
    for field in schema.model_fields.values():
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from _nested(part)


def _errors(schema: type[BaseModel]) -> Iterator[FieldError]:
    bodies: list[Any] = [{}, {"no_such_field": 1}]
    for one in _nested(schema):
        bodies += [dict.fromkeys(one.model_fields, wrong) for wrong in WRONG]
    if one is not schema:
        bodies += [dict.fromkeys(schema.model_fields, body) for body in bodies]
    for body in bodies:
        try:
            schema.model_validate_json(json.dumps(body), strict=True)
        except ValidationError as error:
            invalid = invalid_of(error)
            assert isinstance(invalid, Invalid)
            yield from invalid.errors


@pytest.mark.parametrize(("name", "schema"), _schemas())
def test_no_validator_speaks_to_a_reader(name: str, schema: type[BaseModel]) -> None:
    for error in _errors(schema):
        assert not VALIDATORS.search(error.message), f"{name}: {error}"
        assert error.message[0].isupper(), f"{name}: {error}"
        assert error.message.endswith((".", "?")), f"{name}: {error}"
        # Of the answer, too: no type's name, as `notify.literal['now']` was, and each field once.
        assert set(error.field) <= _OF_FIELDS or error.field.split(".")[-1] in _SENT, f"{name}: {error}"


@pytest.mark.parametrize(("name", "schema"), _schemas())
def test_one_wrong_value_is_one_error_of_its_own_field(name: str, schema: type[BaseModel]) -> None:
    """Issue 10, 5: `field` is a field."""
    for key, field in schema.model_fields.items():
        own = field.alias or key
        for wrong in (1, "?", True, None, 1.5):
            try:
                schema.model_validate_json(json.dumps({own: wrong}), strict=True)
            except ValidationError as error:
                invalid = invalid_of(error)
                assert isinstance(invalid, Invalid)
                here = [one for one in invalid.errors if one.field.split(".")[0] == own]
                assert [one.field for one in here] in ([], [own]), f"{name}: {here}"


def test_the_walk_finds_the_kinds_that_readers_meet() -> None:
    met = {error.code for _, schema in _schemas() for error in _errors(schema)}
    assert {
        "required", "unknown_field", "string_type", "string_too_short", "string_too_long", "string_pattern_mismatch",
        "list_type", "too_long", "too_short", "literal_error", "bool_type", "int_type",
    } <= met  # fmt: skip


@pytest.mark.parametrize("kind", sorted(set(get_args(core_schema.ErrorType)) - {"value_error"}))
def test_each_kind_of_the_validator_has_a_sentence_of_ours(kind: str) -> None:
    numbers = dict.fromkeys(("gt", "ge", "lt", "le", "min_length", "max_length"), 3)
    sentence = sentence_of(kind, "Input should be what pydantic says", {**numbers, "expected": "'a' or <B.C: 'c'>"})
    assert "pydantic" not in sentence
    assert not VALIDATORS.search(sentence)


@pytest.mark.parametrize(
    ("kind", "context", "sentence"),
    [
        ("too_short", {"min_length": 1}, "This needs at least 1 entry."),
        ("string_too_long", {"max_length": 1000}, "This can have at most 1,000 characters."),
        ("literal_error", {"expected": "<A.B: 'admin'> or <A.C: 'custom'>"}, "This must be one of: admin, custom."),
        ("literal_error", {"expected": "'now'"}, "This must be now."),
    ],
)  # fmt: skip
def test_sentences_count_and_name_choices(kind: str, context: dict[str, Any], sentence: str) -> None:
    assert sentence_of(kind, "", context) == sentence


def test_our_own_kinds_bring_their_own_sentence() -> None:
    assert sentence_of("unknown_time_zone", "This is our own", {}) == "This is our own."
    assert sentence_of("value_error", "Value error, Give one of both.", {}) == "Give one of both."


@pytest.mark.parametrize("notify", ["now", "2027-01-31T09:00:00Z", "2027-01-31T09:00:00+01:00"])
def test_now_and_instants_are_taken(notify: str) -> None:
    taken = Approval.model_validate_json(json.dumps({"notify": notify}), strict=True).notify
    assert taken == "now" or taken == datetime.fromisoformat(notify)


@pytest.mark.parametrize("notify", ["2027-01-31T09:00:00", "soon", 1800000000, None, []])
def test_what_is_no_instant_is_refused_with_one_sentence(notify: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        Approval.model_validate_json(json.dumps({"notify": notify}), strict=True)
    invalid = invalid_of(refused.value)
    assert [(one.field, one.code) for one in invalid.errors] == [("notify", "invalid_notify")]
    assert "such as 2027-01-31T09:00:00Z" in invalid.detail


def test_our_own_check_of_a_line_says_what_it_looks_for() -> None:
    """Issue 10, 5. Its kind is the validator's, its sentence is ours: it was taken for that of a pattern."""

    class Named(BaseModel):
        name: Line
        code: Id

    for name in ("\u202eAnn", "\u200b\u200d", "a\nb"):
        with pytest.raises(ValidationError) as caught:
            Named.model_validate({"name": name, "code": "a b"})
        refused = invalid_of(caught.value)
        assert isinstance(refused, Invalid)
        first, second = refused.errors
        assert (first.code, "at least one visible character" in first.message) == ("string_pattern_mismatch", True)
        assert (second.code, second.message) == (
            first.code,
            "This isn't in the right format, or has characters that can't be used here.",
        )
    with pytest.raises(ValidationError) as caught:
        Named.model_validate({"name": "", "code": "a"})
    refused = invalid_of(caught.value)
    assert isinstance(refused, Invalid)
    assert refused.errors[0].message == "This can't be empty."
