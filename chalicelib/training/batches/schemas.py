"""Forms of launches and of later changes, and what a rollout keeps of its submission."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from chalicelib.core.lazy import BaseModel
from chalicelib.core.text import Id, Line
from chalicelib.web.schemas import Form

MAX_GROUPS = 100

# In these bounds, months and days can be added to a date, and the result exists in every time zone.
Day = Annotated[
    date,
    Field(ge=date(2000, 1, 1), le=date(2999, 12, 31), json_schema_extra={"pattern": "^2[0-9]{3}-[0-9]{2}-[0-9]{2}$"}),
]


class Targeting(Form):
    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"mode": {"enum": ["groups", "exclude_groups"]}}, "required": ["mode"]},
            "then": {"required": ["group_ids"], "properties": {"group_ids": {"minItems": 1}}},
            "else": {"properties": {"group_ids": {"maxItems": 0}}},
            "allOf": [
                {
                    "if": {"properties": {"mode": {"const": "group_names"}}, "required": ["mode"]},
                    "then": {"required": ["group_names"], "properties": {"group_names": {"minItems": 1}}},
                    "else": {"properties": {"group_names": {"maxItems": 0}}},
                }
            ],
        }
    )

    mode: Literal["all", "groups", "exclude_groups", "group_names"] = "all"
    group_ids: Annotated[list[Id], Field(max_length=MAX_GROUPS)] = []
    group_names: Annotated[list[Line], Field(max_length=MAX_GROUPS)] = []

    @model_validator(mode="after")
    def _fields_belong_to_mode(self) -> Self:
        by_id = self.mode in ("groups", "exclude_groups")
        if by_id != bool(self.group_ids):
            raise ValueError("group_ids go with groups and exclude_groups, at least one of them.")
        if (self.mode == "group_names") != bool(self.group_names):
            raise ValueError("group_names go with the mode group_names, at least one of them.")
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
