"""Put courses into the library of an MSP on a deployed stage, or change those that are there.

python -m infra.courses --stage dev --msp 01M... --file courses.json

The file is a list like infra/sample/courses.json. A course is known by its `key`: the same key again changes it.
Courses that the file does not name stay as they are, for people may be enrolled in them.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from chalicelib.core.clock import utc_now
from chalicelib.core.ids import derived_id
from chalicelib.tenants.access import store as access_store
from chalicelib.tenants.access.models import msp_pk
from chalicelib.tenants.admins.service import COMMAND
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.courses import store
from chalicelib.tenants.courses.models import Course, course_sk, courses_pk
from infra.application import application_of, stack_of
from infra.cloud import add_region, aws_cloud
from infra.packaging import STAGES

# Two writes for each course, and the audit entry, in a transaction of a hundred.
_AT_ONCE = 40


class GivenCourse(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    key: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,99}$")
    title: str = Field(min_length=1, max_length=200)
    summary: str = Field(min_length=1, max_length=2000)
    duration_minutes: int = Field(ge=1, le=10_000)
    launch_url: str = Field(pattern=r"^https://\S+$", max_length=2000)
    certificate: bool = False
    certificate_months: int | None = Field(default=None, ge=1, le=1200)
    self_enroll: bool = False


class _File(BaseModel):
    courses: list[GivenCourse] = Field(min_length=1)

    @model_validator(mode="after")
    def _keys_differ(self) -> "_File":
        keys = [course.key for course in self.courses]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            raise ValueError(f"these keys are given twice: {', '.join(twice)}")
        return self


def read(text: str) -> list[GivenCourse]:
    """Raises ValueError, with each thing that is wrong in a line."""
    try:
        return _File(courses=TypeAdapter(list[GivenCourse]).validate_json(text)).courses
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, one['loc'])) or 'the file'}: {one['msg']}" for one in error.errors()]
        raise ValueError("\n".join(lines)) from None


def course_id_of(msp_id: str, key: str) -> str:
    return derived_id(msp_id, "course", key)


def load(msp_id: str, given: Sequence[GivenCourse], now: datetime) -> dict[str, str]:
    """Write the courses; gives their ids by key. Doing it again changes nothing but the audit trail.

    Raises LookupError when there is no such MSP.
    """
    if access_store.msp(msp_id) is None:
        raise LookupError(f"there is no MSP {msp_id}")
    ids = {course.key: course_id_of(msp_id, course.key) for course in given}
    for start in range(0, len(given), _AT_ONCE):
        some = given[start : start + _AT_ONCE]
        writes = [write for course in some for write in store.course_writes(msp_id, _item(msp_id, ids, course))]
        entry = AuditEntry(
            COMMAND, "courses.loaded", f"msp/{msp_id}", after={"course_ids": [ids[course.key] for course in some]}
        )
        audit.commit(msp_pk(msp_id), entry, writes, now)
    return ids


def _item(msp_id: str, ids: dict[str, str], given: GivenCourse) -> Course:
    course_id = ids[given.key]
    values = given.model_dump(exclude={"key"})
    return Course(courses_pk(msp_id), course_sk(course_id), course_id=course_id, **values)


def main() -> None:
    arguments = argparse.ArgumentParser(description="Put courses into the library of an MSP.")
    arguments.add_argument("--stage", required=True, choices=STAGES)
    arguments.add_argument("--msp", required=True, help="msp_id, as make first-admin prints it")
    arguments.add_argument("--file", required=True, type=Path, help="a list of courses, like infra/sample/courses.json")
    add_region(arguments)
    chosen = arguments.parse_args()
    try:
        given = read(chosen.file.read_text(encoding="utf-8"))
        cloud = aws_cloud(chosen.region)
        with application_of(cloud, stack_of(cloud, chosen.stage)):
            ids = load(chosen.msp, given, utc_now())
    except (LookupError, OSError, ValueError) as error:
        sys.exit(str(error))
    for key, course_id in ids.items():
        print(f"{key}: course_id {course_id}")


if __name__ == "__main__":
    main()
