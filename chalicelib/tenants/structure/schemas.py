"""What the routes of groups, departments and locations take and answer."""

from typing import Annotated

from pydantic import Field

from chalicelib.core.lazy import BaseModel
from chalicelib.core.text import Id, Line
from chalicelib.web.schemas import UNIQUE, Form, left_out

MAX_GROUP_COURSES = 50

# The length first: of a list that is too long nothing else is judged.
CourseIds = Annotated[list[Id], Field(max_length=MAX_GROUP_COURSES), *UNIQUE]


class GroupCreate(Form):
    """Names are compared exactly: letter case and spaces count."""

    name: Line
    course_ids: CourseIds = []


class GroupPatch(Form):
    name: Line = left_out()
    course_ids: CourseIds = left_out()
    apply_to_members: Annotated[
        bool, Field(description="Enroll those who are in the group now; without it, only who joins later.")
    ] = False


class GroupOut(BaseModel):
    group_id: str
    name: str
    course_ids: list[str]


class GroupPage(BaseModel):
    items: list[GroupOut]
    next_cursor: str | None


class DepartmentCreate(Form):
    """Without a parent it is a root. Names are unique among the departments of one parent."""

    name: Line
    parent_id: Id | None = None


class DepartmentPatch(Form):
    """Another `parent_id` moves the department with all below it; null makes it a root."""

    name: Line = left_out()
    parent_id: Id | None = left_out()


class DepartmentOut(BaseModel):
    """`path` is the department and all above it, the root first."""

    department_id: str
    name: str
    parent_id: str | None
    path: list[str]


class DepartmentPage(BaseModel):
    items: list[DepartmentOut]
    next_cursor: str | None


class LocationCreate(Form):
    name: Line


class LocationPatch(Form):
    name: Line = left_out()


class LocationOut(BaseModel):
    location_id: str
    name: str


class LocationPage(BaseModel):
    items: list[LocationOut]
    next_cursor: str | None
