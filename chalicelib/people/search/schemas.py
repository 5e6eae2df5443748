"""Filters, as the interface takes and keeps them, and what a search answers."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from chalicelib.core.lazy import BaseModel
from chalicelib.core.text import Id, Line
from chalicelib.people.members.schemas import MAX_FIELDS, MemberOut
from chalicelib.people.members.states import MemberStatus
from chalicelib.web.schemas import UNIQUE, Form, left_out

MAX_VALUES = 100
# Of whom to add and whom to leave out; one page of them is read with ten calls.
MAX_PICKED = 1000

# Counted so far; an answer says `MORE` for a larger number.
MAX_COUNT = 10_000
MORE: Literal["10000+"] = "10000+"

_Ids = Annotated[list[Id], Field(max_length=MAX_VALUES), *UNIQUE]
_Picked = Annotated[list[Id], Field(max_length=MAX_PICKED), *UNIQUE]
_Start = Annotated[str, StringConstraints(max_length=200)]
_FieldName = Annotated[str, StringConstraints(min_length=1, max_length=100)]
_FieldValues = Annotated[list[Annotated[str, StringConstraints(max_length=500)]], Field(max_length=MAX_VALUES)]


class StartsWith(Form):
    """Names are found only of people who have accepted. Empty ones are left out."""

    name: _Start = ""
    email: _Start = ""
    login: _Start = ""
    any: Annotated[_Start, Field(description="Of a name, the address or the login name.")] = ""


class Filter(Form):
    """Different kinds narrow, values of one kind widen; `also` and `without` come last. Empty kinds are left out.

    Without any kind everybody matches. `filter_id`, of a filter that is kept, stands alone.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"required": ["filter_id"], "properties": {"filter_id": {"type": "string"}}},
            "then": {"maxProperties": 1},
        }
    )

    department_ids: Annotated[_Ids, Field(description="Each with all below it.")] = []
    group_ids: _Ids = []
    location_ids: _Ids = []
    statuses: Annotated[list[MemberStatus], Field(max_length=len(MemberStatus))] = []
    fields: Annotated[
        dict[_FieldName, _FieldValues],
        Field(max_length=MAX_FIELDS, description="Values by profile field; letter case does not matter."),
    ] = {}
    starts_with: StartsWith = StartsWith()
    also: Annotated[_Picked, Field(description="Members who match as well.")] = []
    without: Annotated[_Picked, Field(description="Members who never match.")] = []
    filter_id: Id | None = None

    @model_validator(mode="after")
    def _kept_filter_stands_alone(self) -> Self:
        if self.filter_id is not None and self.model_fields_set != {"filter_id"}:
            raise ValueError("filter_id stands alone.")
        return self


class SearchPage(BaseModel):
    """A page can be short, or empty, and still have a next one: a request looks at so many people.

    `num_matching` is null while counting takes longer than a request; `search_id` then asks for it.
    """

    items: list[MemberOut]
    next_cursor: str | None
    num_matching: int | Literal["10000+"] | None
    search_id: str | None = None


class SearchOut(BaseModel):
    """`num_matching` is null until the status is ready."""

    search_id: str
    status: Literal["counting", "ready"]
    num_matching: int | Literal["10000+"] | None


class FilterCreate(Form):
    name: Line
    filter: Filter

    @model_validator(mode="after")
    def _no_filter_of_filters(self) -> Self:
        if self.filter is not None and self.filter.filter_id is not None:
            raise ValueError("A filter that is kept says what it filters by, not filter_id.")
        return self


class FilterPatch(Form):
    name: Line = left_out()
    filter: Filter = left_out()

    @model_validator(mode="after")
    def _no_filter_of_filters(self) -> Self:
        if self.filter is not None and self.filter.filter_id is not None:
            raise ValueError("A filter that is kept says what it filters by, not filter_id.")
        return self


class FilterOut(BaseModel):
    """`mine` ones only can be changed by who may not change the organization's structure."""

    filter_id: str
    name: str
    filter: Filter
    mine: bool
    created_at: str


class FilterPage(BaseModel):
    items: list[FilterOut]
    next_cursor: str | None
