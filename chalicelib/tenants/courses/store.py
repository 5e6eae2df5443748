"""Reads of the course library. No service writes it: libraries come with the MSP."""

from collections.abc import Iterable, Sequence

from chalicelib.aws import table
from chalicelib.aws.items import CoreItem
from chalicelib.core.paging import Page
from chalicelib.tenants.courses.models import OPEN_COURSES_PK, Course, OpenCourse, course_ref, course_sk, courses_pk


def course(msp_id: str, course_id: str) -> Course | None:
    return table.get(Course, courses_pk(msp_id), course_sk(course_id), consistent=False)


def courses(msp_id: str, limit: int, after: str | None) -> Page[Course]:
    return table.query(Course, courses_pk(msp_id), limit=limit, after=after)


def courses_by_id(msp_id: str, course_ids: Iterable[str]) -> list[Course]:
    """Those of these that the library has, in their order."""
    return table.fetch_all((course_ref(msp_id, course_id) for course_id in course_ids), consistent=False)


def titles(msp_id: str, course_ids: Iterable[str]) -> dict[str, str]:
    """By course id, for the courses that the library has."""
    courses = table.fetch_all((course_ref(msp_id, course_id) for course_id in course_ids), consistent=False)
    return {course.course_id: course.title for course in courses}


def course_items(msp_id: str, course: Course) -> list[CoreItem]:
    """A course and, if people may take it by themselves, its pointer: the items to load for a library."""
    if not course.self_enroll:
        return [course]
    sk = course_sk(course.course_id)
    return [course, OpenCourse(OPEN_COURSES_PK, sk, course_id=course.course_id, msp_id=msp_id)]


def open_course(course_id: str) -> OpenCourse | None:
    return table.get(OpenCourse, OPEN_COURSES_PK, course_sk(course_id), consistent=False)


def open_courses(limit: int, after: str | None) -> Page[OpenCourse]:
    return table.query(OpenCourse, OPEN_COURSES_PK, limit=limit, after=after)


def courses_of(pointers: Sequence[OpenCourse]) -> list[Course]:
    """The courses of these pointers, in their order; those that are not open any more are left out."""
    refs = [course_ref(pointer.msp_id, pointer.course_id) for pointer in pointers]
    return [course for course in table.fetch_all(refs, consistent=False) if course.self_enroll]


def existing_courses(msp_id: str, course_ids: Iterable[str]) -> set[str]:
    """Those of these ids that are courses of the MSP's library."""
    refs = [course_ref(msp_id, course_id) for course_id in course_ids]
    return {course.course_id for course in table.fetch_all(refs, consistent=False)}
