"""Reads of the course library. Nothing here writes it: libraries come with the MSP."""

from collections.abc import Iterable, Sequence

from chalicelib.aws import table
from chalicelib.aws.table import CoreItem
from chalicelib.core.paging import Page
from chalicelib.tenants.courses.models import OPEN_COURSES_PK, Course, OpenCourse, course_ref, course_sk, courses_pk


def course(msp_id: str, course_id: str) -> Course | None:
    return table.get(Course, courses_pk(msp_id), course_sk(course_id), consistent=False)


def courses(msp_id: str, limit: int, after: str | None) -> Page[Course]:
    return table.query(Course, courses_pk(msp_id), limit=limit, after=after)


def titles(msp_id: str, course_ids: Iterable[str]) -> dict[str, str]:
    """By course id, for the courses that the library has."""
    courses = table.fetch_all((course_ref(msp_id, course_id) for course_id in course_ids), consistent=False)
    return {course.course_id: course.title for course in courses}


def course_items(msp_id: str, course: Course) -> list[CoreItem]:
    """A course with what it is found by, for whoever brings a library."""
    if not course.self_enroll:
        return [course]
    sk = course_sk(course.course_id)
    return [course, OpenCourse(OPEN_COURSES_PK, sk, course_id=course.course_id, msp_id=msp_id)]


def open_course(course_id: str) -> OpenCourse | None:
    return table.get(OpenCourse, OPEN_COURSES_PK, course_sk(course_id), consistent=False)


def open_courses(limit: int, after: str | None) -> Page[OpenCourse]:
    return table.query(OpenCourse, OPEN_COURSES_PK, limit=limit, after=after)


def courses_of(pointers: Sequence[OpenCourse]) -> list[Course]:
    """The courses that are pointed to, in this order, and still are what the pointer says."""
    keys = [(courses_pk(one.msp_id), course_sk(one.course_id)) for one in pointers]
    found = table.batch_get([(Course, *key) for key in keys], consistent=False)
    return [item for key in keys if isinstance(item := found.get(key), Course) and item.self_enroll]


def known_courses(msp_id: str, course_ids: Iterable[str]) -> set[str]:
    wanted = [(Course, courses_pk(msp_id), course_sk(course_id)) for course_id in course_ids]
    return {sk.removeprefix(course_sk("")) for _, sk in table.batch_get(wanted, consistent=False)}
