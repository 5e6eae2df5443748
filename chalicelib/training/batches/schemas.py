"""Forms of launches and of later changes, and what a rollout keeps of its submission."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from chalicelib.core.lazy import BaseModel
from chalicelib.core.text import Id, Line
from chalicelib.web.schemas import Form

MAX_GROUPS = 100

# In these bounds, months and days can be added to a date, and the result exists in every time zone.
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2999, 12, 31))]


class Targeting(Form):
    mode: Literal["all", "groups", "exclude_groups", "group_names"] = "all"
    group_ids: Annotated[list[Id], Field(max_length=MAX_GROUPS)] = []
    group_names: Annotated[list[Line], Field(max_length=MAX_GROUPS)] = []

    @model_validator(mode="after")
    def _fields_belong_to_mode(self) -> Self:
        by_id = self.mode in ("groups", "exclude_groups")
        if by_id != bool(self.group_ids):
            raise ValueError("Choose at least one group, and only where groups are included or excluded.")
        if (self.mode == "group_names") != bool(self.group_names):
            raise ValueError("Give at least one group name, and only where groups are chosen by name.")
        return self


class Notifications(Form):
    enrollment: bool = False
    reminders: bool = False


class PlannedCourse(BaseModel):
    """A course of a rollout with its dates resolved from the preset."""

    course_id: str
    title: str
    enroll_on: date | None
    due_by: date | None


class PlannedOrg(BaseModel):
    org_id: str
    name: str


class Plan(BaseModel):
    """What a rollout keeps of its submission; every batch of it refers to this."""

    name: str
    orgs: list[PlannedOrg]
    courses: list[PlannedCourse]
    targeting: Targeting
    notifications: Notifications
    reenroll_completed: bool
    created_by: str
    created_at: str
