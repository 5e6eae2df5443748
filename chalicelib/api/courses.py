"""HTTP: the course library."""

from typing import Any

from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.courses import service as courses
from chalicelib.tenants.courses.schemas import CourseOut, CoursePage, CourseQuery, LibraryPage
from chalicelib.web.paging import Pager
from chalicelib.web.routing import Call, Empty, Routes

routes = Routes("Courses", __name__, needs=Permission.CLIENTS)


@routes.add("GET", "/msp/courses", summary="The course library", answer=CoursePage, query=CourseQuery)
def list_courses(call: Call[Empty, CourseQuery]) -> CoursePage:
    return courses.page(_msp(call), call.query, Pager.of(call))


@routes.add("GET", "/msp/courses/{course_id}", summary="A course", answer=CourseOut)
def read_course(call: Call[Empty, Empty]) -> CourseOut:
    return courses.course(_msp(call), call.params["course_id"])


@routes.add(
    "GET",
    "/me/library",
    summary="Courses to take on my own",
    answer=LibraryPage,
    query=CourseQuery,
    tag="Own account",
    needs="",
)
def read_library(call: Call[Empty, CourseQuery]) -> LibraryPage:
    """Those that anybody with an account may take, without an organization."""
    return courses.library(call.query, Pager.of(call))


def _msp(call: Call[Any, Any]) -> Scope:
    return access.msp(call.account_id, call.needs, call.msp_id)
