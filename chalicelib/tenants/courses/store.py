"""The course library. No service writes it: an operator's command does (infra/courses.py)."""

from collections.abc import Iterable, Sequence

from chalicelib.aws import table
from chalicelib.aws.items import CoreItem
from chalicelib.aws.table import Write
from chalicelib.core.paging import Page
from chalicelib.tenants.access.models import msp_ref
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


def course_writes(msp_id: str, course: Course) -> list[Write]:
    """The course, new or changed, and its pointer, which goes when people may not take it by themselves any more."""
    pointer = OpenCourse(OPEN_COURSES_PK, course_sk(course.course_id), course_id=course.course_id, msp_id=msp_id)
    return [Write("put", course), Write("put" if course.self_enroll else "delete", pointer)]


def open_course(course_id: str) -> OpenCourse | None:
    return table.get(OpenCourse, OPEN_COURSES_PK, course_sk(course_id), consistent=False)


def open_courses(limit: int, after: str | None) -> Page[OpenCourse]:
    return table.query(OpenCourse, OPEN_COURSES_PK, limit=limit, after=after)


def courses_of(pointers: Sequence[OpenCourse]) -> list[Course]:
    """The courses of these pointers, in their order; those that are not open any more are left out."""
    refs = [course_ref(pointer.msp_id, pointer.course_id) for pointer in pointers]
    return [course for course in table.fetch_all(refs, consistent=False) if course.self_enroll]


def providers(courses: Iterable[Course]) -> dict[str, str]:
    """The name of the MSP of each library, by the key of its courses."""
    msp_id_by_pk = {course.pk: course.pk.removeprefix("MSP#").removesuffix("#COURSES") for course in courses}
    msps = table.fetch_mixed((msp_ref(msp_id) for msp_id in msp_id_by_pk.values()), consistent=False)
    found = {pk: msps.get(msp_ref(msp_id)) for pk, msp_id in msp_id_by_pk.items()}
    return {pk: msp.name for pk, msp in found.items() if msp is not None}


def existing_courses(msp_id: str, course_ids: Iterable[str]) -> set[str]:
    """Those of these ids that are courses of the MSP's library."""
    refs = [course_ref(msp_id, course_id) for course_id in course_ids]
    return {course.course_id for course in table.fetch_all(refs, consistent=False)}
