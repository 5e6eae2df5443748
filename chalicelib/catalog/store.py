"""Reads of the course library. Nothing here writes it: libraries come with the MSP."""

from collections.abc import Iterable

from chalicelib.aws import table
from chalicelib.catalog.models import Course, course_sk, courses_pk
from chalicelib.core.paging import Slice


def course(msp_id: str, course_id: str) -> Course | None:
    return table.get(Course, courses_pk(msp_id), course_sk(course_id), consistent=False)


def courses(msp_id: str, limit: int, after: str | None) -> Slice[Course]:
    return table.query(Course, courses_pk(msp_id), limit=limit, after=after)


def known_courses(msp_id: str, course_ids: Iterable[str]) -> set[str]:
    wanted = [(Course, courses_pk(msp_id), course_sk(course_id)) for course_id in course_ids]
    return {sk.removeprefix(course_sk("")) for _, sk in table.batch_get(wanted, consistent=False)}
