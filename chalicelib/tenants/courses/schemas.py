"""What the routes of the course library take and answer."""

from pydantic import Field

from chalicelib.core.lazy import BaseModel
from chalicelib.web.paging import PageQuery


class CourseQuery(PageQuery):
    search: str | None = Field(None, max_length=200, description="A part of the title; letter case does not matter.")


class CourseOut(BaseModel):
    """`certificate`: completing it issues one, which counts for `certificate_months`, or for good when that is null.

    `self_enroll`: a person may take it without an organization.
    """

    course_id: str
    title: str
    summary: str
    duration_minutes: int
    launch_url: str
    certificate: bool
    certificate_months: int | None = None
    self_enroll: bool


class LibraryCourse(BaseModel):
    """What people see of a course before they take it. `provider` is the MSP whose library it is in."""

    course_id: str
    provider: str
    title: str
    summary: str
    duration_minutes: int
    certificate: bool


class LibraryPage(BaseModel):
    items: list[LibraryCourse]
    next_cursor: str | None


class CoursePage(BaseModel):
    items: list[CourseOut]
    next_cursor: str | None
