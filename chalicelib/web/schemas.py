"""The base of all input schemas, and the answer of the health check."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from chalicelib.core.lazy import BaseModel


class Health(BaseModel):
    build: str
    stage: str
    table_answers: bool


class Form(BaseModel):
    """Input: unknown fields are refused, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def left_out() -> Any:
    """The default of a PATCH field that may be left out, which differs from null."""
    return Field(default_factory=lambda: None)


def unique(ids: list[str]) -> list[str]:
    if len(set(ids)) < len(ids):
        raise PydanticCustomError("repeated", "Give every id once.")
    return ids


# For `Annotated[list[Id], Field(max_length=...), *UNIQUE]`: what is checked, and what the OpenAPI document says of it.
UNIQUE = (AfterValidator(unique), Field(json_schema_extra={"uniqueItems": True}))


def _whole(value: Any) -> Any:
    """In JSON, 30 and 30.0 are the same number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


# For `Annotated[int, Field(ge=...), WHOLE]`.
WHOLE = BeforeValidator(_whole)


def when(field: str, values: Sequence[str], then: Mapping[str, Any]) -> dict[str, Any]:
    """JSON Schema of a rule between fields: where `field` is one of these values, `then` holds as well."""
    return {"if": {"properties": {field: {"enum": list(values)}}, "required": [field]}, "then": dict(then)}


AT_LEAST_ONE = ConfigDict(json_schema_extra={"minProperties": 1})
