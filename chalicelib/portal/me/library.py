"""Courses that anybody with an account may take, without an organization."""

from chalicelib.core.errors import Conflict, Invalid, MusterError
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.me import own
from chalicelib.portal.site_map import ACCOUNT, Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.courses import service as courses
from chalicelib.tenants.courses.schemas import CourseQuery
from chalicelib.training.progress.schemas import EnrollmentOut
from chalicelib.training.self_enrollment import progress as self_enrollment
from chalicelib.training.self_enrollment.schemas import TakeCourse
from chalicelib.web.idempotency import idempotent

pages = Pages(ACCOUNT)


@pages.get("/me/library")
def library(visit: Visit) -> Shown:
    return _page(visit, None)


@pages.post("/me/library")
def take(visit: Visit) -> GoTo | Shown:
    """The same form again takes it once."""
    try:
        form = visit.read(TakeCourse, {"course_id": visit.form.one("course_id")})
        made = idempotent(
            visit.call(),
            EnrollmentOut,
            lambda seed: self_enrollment.take(visit.account_id, form.course_id, seed, visit.now),
        )
    except (Invalid, Conflict) as error:
        return _page(visit, error)
    return GoTo(f"/me/courses/{made.enrollment_id}?done=taken")


def _page(visit: Visit, error: MusterError | None) -> Shown:
    search = visit.query.one("search").strip()[:200]
    query = CourseQuery(search=search or None)
    mine = {one.course_id: one.enrollment_id for one in own.courses(visit) if one.org_id is None}
    facts = {
        "shown": courses.library(query, visit.pager(query)),
        "search": search,
        "mine": mine,
        "is_first": not visit.query.one("cursor"),
        "problem": error,
    }
    return Shown("me/library.html", facts, error.status if error else 200)
