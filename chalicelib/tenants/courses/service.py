"""The course library of an MSP: lists, search and single courses."""

from collections.abc import Sequence

from chalicelib.core.errors import NotFound
from chalicelib.core.paging import Page, filtered_page
from chalicelib.core.text import searchable
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.courses import store
from chalicelib.tenants.courses.models import Course
from chalicelib.tenants.courses.schemas import CourseOut, CoursePage, CourseQuery, LibraryCourse, LibraryPage
from chalicelib.web.paging import Pager

# A search looks at 1,000 courses a request; past that, pages are short.
_SEARCH_PAGE, _SEARCH_READS = 250, 4

# The same for open courses, in pages of one BatchGetItem.
_OPEN_PAGE, _OPEN_READS = 100, 10


def page(scope: Scope, query: CourseQuery, pager: Pager) -> CoursePage:
    search = searchable(query.search or "")
    courses = filtered_page(
        lambda after: store.courses(scope.msp_id, _SEARCH_PAGE if search else pager.limit, after),
        lambda course: search in searchable(course.title),
        lambda course: course.sk,
        pager.limit,
        pager.position,
        _SEARCH_READS if search else 1,
    )
    return CoursePage(items=[_out(course) for course in courses.items], next_cursor=pager.cursor(courses.next_position))


def library(query: CourseQuery, pager: Pager) -> LibraryPage:
    """What people may take on their own account, of every MSP."""
    search = searchable(query.search or "")

    def read(after: str | None) -> Page[Course]:
        page = store.open_courses(_OPEN_PAGE if search else pager.limit, after)
        return Page(store.courses_of(page.items), page.next_position)

    courses = filtered_page(
        read,
        lambda course: search in searchable(course.title),
        lambda course: course.sk,
        pager.limit,
        pager.position,
        _OPEN_READS if search else 1,
    )
    providers = store.providers(courses.items)
    items = [
        LibraryCourse(
            course_id=course.course_id,
            provider=providers.get(course.pk, ""),
            title=course.title,
            summary=course.summary,
            duration_minutes=int(course.duration_minutes),
            certificate=course.certificate,
        )
        for course in courses.items
    ]
    return LibraryPage(items=items, next_cursor=pager.cursor(courses.next_position))


def course(scope: Scope, course_id: str) -> CourseOut:
    course = store.course(scope.msp_id, course_id)
    if course is None:
        raise NotFound("There is no such course")
    return _out(course)


def unknown_courses(msp_id: str, course_ids: Sequence[str]) -> list[str]:
    """Those that the MSP's library does not have, in their order."""
    existing = store.existing_courses(msp_id, course_ids)
    return [course_id for course_id in course_ids if course_id not in existing]


def _out(course: Course) -> CourseOut:
    return CourseOut(
        course_id=course.course_id,
        title=course.title,
        summary=course.summary,
        duration_minutes=int(course.duration_minutes),
        launch_url=course.launch_url,
        certificate=course.certificate,
        certificate_months=int(course.certificate_months) if course.certificate_months else None,
        self_enroll=course.self_enroll,
    )
