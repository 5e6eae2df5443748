"""The courses that an organization may use, with its seats."""

from chalicelib.core.paging import Page, filtered_page
from chalicelib.core.text import normalized
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.courses import store as courses_store
from chalicelib.tenants.courses.models import Course
from chalicelib.tenants.courses.schemas import CourseQuery
from chalicelib.tenants.organizations.schemas import OwnCourse, OwnCoursePage, Seats
from chalicelib.tenants.organizations.seat_store import entitlements, seats_of, seats_taken_of
from chalicelib.web.paging import Pager

# One BatchGetItem per read; a search looks at 1,000 courses a request.
_PER_READ, _MAX_READS = 100, 10


def page(scope: Scope, query: CourseQuery, pager: Pager) -> OwnCoursePage:
    """How many seats others have taken is told to who sees the whole organization."""
    limits = seats_of(entitlements(scope.org))
    ids = sorted(limits)
    search = normalized(query.search or "")

    def read(after: str | None) -> Page[Course]:
        part = [course_id for course_id in ids if after is None or course_id > after][: _PER_READ + 1]
        courses = courses_store.courses_by_id(scope.msp_id, part[:_PER_READ])
        return Page(courses, part[_PER_READ - 1] if len(part) > _PER_READ else None)

    courses = filtered_page(
        read, lambda course: search in normalized(course.title), lambda course: course.course_id, pager.limit,
        pager.position, _MAX_READS,
    )  # fmt: skip
    limited = [course.course_id for course in courses.items if limits[course.course_id]]
    taken = seats_taken_of(scope.org, limited)
    sees_all = scope.department_ids is None

    def seats(course_id: str) -> Seats | None:
        if course_id not in taken:
            return None
        limit, number = int(limits[course_id]), taken[course_id]
        return Seats(limit=limit if sees_all else None, taken=number if sees_all else None, free=max(0, limit - number))

    providers = courses_store.providers(courses.items)
    items = [
        OwnCourse(
            course_id=course.course_id,
            title=course.title,
            provider=providers.get(course.pk, ""),
            summary=course.summary,
            duration_minutes=int(course.duration_minutes),
            certificate=course.certificate,
            seats=seats(course.course_id),
        )
        for course in courses.items
    ]
    return OwnCoursePage(items=items, next_cursor=pager.cursor(courses.next_position))
