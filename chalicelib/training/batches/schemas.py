"""Forms of launches and of later changes, and what a rollout keeps of its submission."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from chalicelib.core.lazy import BaseModel
from chalicelib.core.text import Id, Line
from chalicelib.people.search.schemas import Filter
from chalicelib.web.schemas import Form

MAX_GROUPS = 100
MAX_DEPARTMENTS = 100
MAX_INDIVIDUALS = 1000

# In these bounds, months and days can be added to a date, and the result exists in every time zone.
Day = Annotated[
    date,
    Field(ge=date(2000, 1, 1), le=date(2999, 12, 31), json_schema_extra={"pattern": "^2[0-9]{3}-[0-9]{2}-[0-9]{2}$"}),
]


def _fields_by_mode(modes_by_field: Mapping[str, Sequence[str]]) -> ConfigDict:
    """What the OpenAPI document says of fields that go with some modes only."""
    rules: list[Any] = [
        {
            "if": {"properties": {"mode": {"enum": list(modes)}}, "required": ["mode"]},
            "then": {"required": [field], "properties": {field: {"minItems": 1}}},
            "else": {"properties": {field: {"maxItems": 0}}},
        }
        for field, modes in modes_by_field.items()
    ]
    return ConfigDict(json_schema_extra={"allOf": rules})


_MODES_BY_FIELD = {
    "group_ids": ("groups", "exclude_groups"),
    "group_names": ("group_names",),
    "member_ids": ("individuals",),
    "department_ids": ("departments",),
    "filter": ("filter",),
}


class ClientTargeting(Form):
    """Of a launch across clients."""

    model_config = _fields_by_mode({name: _MODES_BY_FIELD[name] for name in ("group_ids", "group_names")})

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


class Targeting(Form):
    """Inside one organization. `individuals` are fixed at launch; the others are who matches on the enroll-on date.

    `departments`: each with all below it. `filter`: active members who match. A `filter_id` is looked up at launch, and
    the batch keeps what the filter said then.
    """

    model_config = _fields_by_mode({name: modes for name, modes in _MODES_BY_FIELD.items() if name != "filter"})

    mode: Literal["all", "groups", "exclude_groups", "group_names", "individuals", "departments", "filter"] = "all"
    group_ids: Annotated[list[Id], Field(max_length=MAX_GROUPS)] = []
    group_names: Annotated[list[Line], Field(max_length=MAX_GROUPS)] = []
    member_ids: Annotated[list[Id], Field(max_length=MAX_INDIVIDUALS)] = []
    department_ids: Annotated[list[Id], Field(max_length=MAX_DEPARTMENTS)] = []
    filter: Filter | None = None

    @model_validator(mode="after")
    def _fields_belong_to_mode(self) -> Self:
        for name, modes in _MODES_BY_FIELD.items():
            if bool(getattr(self, name)) != (self.mode in modes):
                raise ValueError(f"{name} and {' or '.join(modes)} go together, and neither can be empty.")
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
    """What a rollout keeps of its submission; every batch of it refers to this.

    `within` are the departments that limited the admin who launched it: nobody outside them, and those below, is
    enrolled, as they are on the date.
    """

    name: str
    orgs: list[PlannedOrg]
    courses: list[PlannedCourse]
    targeting: Targeting
    notifications: Notifications
    reenroll_completed: bool
    created_by: str
    created_at: str
    launched_by: Literal["msp", "organization"] = "msp"
    within: list[str] | None = None
