"""Requests and answers of undo and new dates."""

from typing import Literal, Self

from pydantic import Field, model_validator

from chalicelib.core.lazy import BaseModel
from chalicelib.training.batches.schemas import Day
from chalicelib.web.schemas import AT_LEAST_ONE, Form


class NotReversed(BaseModel):
    member_id: str
    code: str


class UndoWait(BaseModel):
    """`until` is when it goes on by itself, at the latest a few minutes later; null when that is not known."""

    code: str
    sentence: str
    until: str | None


class UndoOut(BaseModel):
    """`kept_started` counts learners who had started or completed, and so keep their enrollment."""

    status: Literal["running", "done"]
    reversed: int
    kept_started: int
    not_reversed: list[NotReversed]
    waiting: UndoWait | None = Field(None, description="Why nothing is withdrawn yet; null once it goes on.")


class RowDates(Form):
    """New dates of one course. `enroll_on` only while it is scheduled; null is now. `due_by` null is no due date."""

    model_config = AT_LEAST_ONE

    enroll_on: Day | None = None
    due_by: Day | None = None

    @model_validator(mode="after")
    def _something_changes(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("Enter an enrollment date, a due date, or both.")
        return self
