"""What the routes of actions on many people take and answer."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from chalicelib.core.lazy import BaseModel
from chalicelib.core.text import Id
from chalicelib.people.bulk_actions.states import BulkKind, BulkStatus
from chalicelib.people.search.schemas import Filter
from chalicelib.web.schemas import UNIQUE, Form

MAX_NAMED = 1000


class ManyPeople(Form):
    """Either a filter, for everybody who matches it, or who is named."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["filter"], "properties": {"filter": {"type": "object"}, "member_ids": {"maxItems": 0}}},
                {"required": ["member_ids"], "properties": {"member_ids": {"minItems": 1}, "filter": {"type": "null"}}},
            ]
        }
    )

    filter: Filter | None = None
    member_ids: Annotated[list[Id], Field(max_length=MAX_NAMED), *UNIQUE] = []

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.filter is None) == (not self.member_ids):
            raise ValueError("Give a filter or member_ids, one of both.")
        return self


class BulkInvites(ManyPeople):
    action: Literal[BulkKind.RESEND, BulkKind.CANCEL]
    clear_blocked: bool = Field(
        False, description="Send also to addresses that bounced or complained; say so only after checking them."
    )


class BulkArchive(ManyPeople):
    """Who is not active is left out."""


class LeftOut(BaseModel):
    code: str
    num_people: int
    sentence: str
    next_step: str


class BulkActionOut(BaseModel):
    """While `counting` the numbers are those so far. `num_reached` of `num_matching` are acted on once it is run;
    `left_out` says who is not, and why. Then `num_done` and `num_refused` of them are.
    """

    action_id: str
    action: BulkKind
    status: BulkStatus
    num_matching: int
    num_reached: int
    left_out: list[LeftOut]
    num_done: int
    num_refused: int
    created_by: str
    created_at: str
    run_by: str | None
    run_at: str | None


class BulkActionPage(BaseModel):
    items: list[BulkActionOut]
    next_cursor: str | None


class BulkResult(BaseModel):
    """`done` is null while the person waits. `code` says why somebody was left out or refused."""

    member_id: str
    done: bool | None
    code: str | None = None
    sentence: str | None = None
    next_step: str | None = None


class BulkResultPage(BaseModel):
    items: list[BulkResult]
    next_cursor: str | None
