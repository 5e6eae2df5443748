"""Requests and answers of undo and new dates."""

from typing import Literal, Self

from pydantic import model_validator

from chalicelib.core.lazy import BaseModel
from chalicelib.training.batches.schemas import Day
from chalicelib.web.schemas import Form


class NotReversed(BaseModel):
    member_id: str
    code: str


class UndoOut(BaseModel):
    """`kept_started` counts learners who had started or completed, and so keep their enrollment."""

    status: Literal["running", "done"]
    reversed: int
    kept_started: int
    not_reversed: list[NotReversed]


class RowDates(Form):
    """New dates of one course. `enroll_on` only while it is scheduled; null is now. `due_by` null is no due date."""

    enroll_on: Day | None = None
    due_by: Day | None = None

    @model_validator(mode="after")
    def _something_changes(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("Enter an enrollment date, a due date, or both.")
        return self
