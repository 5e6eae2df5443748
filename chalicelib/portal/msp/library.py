"""The course library."""

from chalicelib.portal.answer import Shown
from chalicelib.portal.msp.training import first_of
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.courses import service as courses
from chalicelib.tenants.courses.schemas import CourseQuery

pages = Pages(Permission.CLIENTS)


@pages.get("/msp/courses")
def library(visit: Visit) -> Shown:
    search = visit.query.one("search")[:200]
    query = CourseQuery(search=search or None)
    shown = courses.page(visit.msp_scope, query, visit.pager(query))
    return Shown("msp/courses.html", {"shown": shown, "search": search, **first_of(visit)})


@pages.get("/msp/courses/{course_id}")
def course(visit: Visit) -> Shown:
    return Shown("msp/course.html", {"course": courses.course(visit.msp_scope, visit.params["course_id"])})
