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


class MovedAway(BaseModel):
    """`number` is null to who is limited to departments: these people are not theirs."""

    number: int | None
    sentence: str


class UndoOut(BaseModel):
    """`kept_started` counts learners who had started or completed, and so keep their enrollment.

    To who is limited to departments, the numbers are of the people who are in these now; null when the batch is for
    more than 20,000 learners.
    """

    status: Literal["running", "done"]
    reversed: int | None
    kept_started: int | None
    not_reversed: list[NotReversed]
    waiting: UndoWait | None = Field(None, description="Why nothing is withdrawn yet; null once it goes on.")
    moved_away: MovedAway | None = Field(
        None, description="Of an undo by who is limited to departments: people who had left these, and stay enrolled."
    )


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
