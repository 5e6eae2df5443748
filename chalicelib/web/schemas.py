"""The base of all input schemas, and the answer of the health check."""

from typing import Any

from pydantic import ConfigDict, Field
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
