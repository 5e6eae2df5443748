"""HTTP: the course library."""

from typing import Any

from chalicelib.access.service import Scope
from chalicelib.access.states import Permission
from chalicelib.catalog.schemas import CourseOut, CoursePage, CourseQuery
from chalicelib.core.http import Call, Empty, Routes
from chalicelib.core.paging import Pager
from chalicelib.wiring import wiring

routes = Routes("Courses", __name__)


@routes.add("GET", "/msp/courses", summary="The course library", answer=CoursePage, query=CourseQuery)
def list_courses(call: Call[Empty, CourseQuery]) -> CoursePage:
    return wiring().catalog.page(_msp(call), call.query, Pager.of(call))


@routes.add("GET", "/msp/courses/{course_id}", summary="A course", answer=CourseOut)
def read_course(call: Call[Empty, Empty]) -> CourseOut:
    return wiring().catalog.course(_msp(call), call.params["course_id"])


def _msp(call: Call[Any, Any]) -> Scope:
    return wiring().access.msp(call.account_id, Permission.CLIENTS, call.msp_id)
