"""A draft's form: what was chosen, whether or not it can be launched like this."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from chalicelib.core.lazy import BaseModel
from chalicelib.core.text import Id, Line
from chalicelib.training.batches.schemas import MAX_GROUPS
from chalicelib.web.schemas import AT_LEAST_ONE, Form, left_out


class DraftDates(BaseModel):
    """Days as they were typed; empty is now, and no due date."""

    enroll_on: str = ""
    due_by: str = ""


# What was typed: a day, a number. More fits into no form, and a draft has to fit into an item.
_Typed = Annotated[str, Field(max_length=40)]
_MOST_KEPT = 500


class DraftDatesIn(Form):
    """Days; empty is now, and no due date."""

    enroll_on: _Typed = ""
    due_by: _Typed = ""


class DraftPatch(Form):
    """Some of what was chosen so far, whether or not it can be launched like this: nothing is checked but its size.

    Days are `YYYY-MM-DD` in each client's time zone; empty is now, and no due date. `own` dates are those of each
    course, by course id; the other presets give them, in the order of the courses.
    """

    model_config = AT_LEAST_ONE

    name: Line = left_out()
    org_ids: Annotated[list[Id], Field(max_length=_MOST_KEPT)] = left_out()
    course_ids: Annotated[list[Id], Field(max_length=_MOST_KEPT)] = left_out()
    mode: Literal["all", "groups", "exclude_groups", "group_names"] = left_out()
    group_ids: Annotated[list[Id], Field(max_length=MAX_GROUPS)] = left_out()
    group_names: Annotated[list[Line], Field(max_length=MAX_GROUPS)] = left_out()
    preset: Literal["all_immediate", "monthly_stagger", "own"] = left_out()
    start_on: _Typed = left_out()
    days_to_complete: _Typed = left_out()
    dates: Annotated[dict[Id, DraftDatesIn], Field(max_length=_MOST_KEPT)] = left_out()
    enrollment: bool = left_out()
    reminders: bool = left_out()
    reenroll_completed: bool = left_out()

    @model_validator(mode="after")
    def _something_changes(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("Enter at least one field.")
        return self

    def given(self) -> dict[str, Any]:
        return self.model_dump(exclude_unset=True)


class NewDraft(DraftPatch):
    model_config = ConfigDict(json_schema_extra=None)

    name: Line


class DraftForm(BaseModel):
    """`own` dates are those of each course; the presets give them. Numbers and days are as they were typed."""

    name: str
    org_ids: list[str] = []
    course_ids: list[str] = []
    mode: Literal["all", "groups", "exclude_groups", "group_names"] = "all"
    group_ids: list[str] = []
    group_names: list[str] = []
    preset: Literal["all_immediate", "monthly_stagger", "own"] = "all_immediate"
    start_on: str = ""
    days_to_complete: str = ""
    dates: dict[str, DraftDates] = {}
    enrollment: bool = False
    reminders: bool = False
    reenroll_completed: bool = False

    def as_launch(self) -> dict[str, Any]:
        """The body of the launch, to be validated like any other."""
        targeting: dict[str, Any] = {"mode": self.mode}
        if self.mode in ("groups", "exclude_groups"):
            targeting["group_ids"] = self.group_ids
        if self.mode == "group_names":
            targeting["group_names"] = self.group_names
        is_own = self.preset == "own"
        days = int(self.days_to_complete) if _is_number(self.days_to_complete) else self.days_to_complete or None
        schedule = {"preset": self.preset, "start_on": self._start_on(), "days_to_complete": days}
        return {
            "name": self.name,
            "org_ids": self.org_ids,
            "courses": [{"course_id": one, **(self._dates(one) if is_own else {})} for one in self.course_ids],
            "targeting": targeting,
            "schedule": None if is_own else schedule,
            "notifications": {"enrollment": self.enrollment, "reminders": self.reminders},
            "reenroll_completed": self.reenroll_completed,
        }

    def _start_on(self) -> str | None:
        return (self.start_on or None) if self.preset == "monthly_stagger" else None

    def _dates(self, course_id: str) -> dict[str, str | None]:
        dates = self.dates.get(course_id, DraftDates())
        return {"enroll_on": dates.enroll_on or None, "due_by": dates.due_by or None}


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) < 6


class DraftOut(BaseModel):
    """`launch` is the body of its preview and launch, to be sent as it is once it is whole."""

    draft_id: str
    form: DraftForm
    launch: dict[str, Any]
    plan_id: str | None = Field(description="Of the preview that was made of this very form in the wizard.")
    rollout_id: str | None = Field(description="Once it was launched in the wizard.")
    changed_at: str
    expires_at: str = Field(description="When it goes, if nobody changes it.")


class DraftPage(BaseModel):
    items: Sequence[DraftOut]
    next_cursor: str | None
