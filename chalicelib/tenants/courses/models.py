"""Items of the course library."""

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.aws.items import CoreItem
from chalicelib.aws.table import Ref


class Course(CoreItem):
    """`MSP#m#COURSES` / `COURSE#c`."""

    course_id = UnicodeAttribute()
    title = UnicodeAttribute()
    summary = UnicodeAttribute()
    duration_minutes = NumberAttribute()
    launch_url = UnicodeAttribute()
    certificate = BooleanAttribute(default=False)
    # How long a certificate counts, if not for good.
    certificate_months = NumberAttribute(null=True)
    self_enroll = BooleanAttribute(default=False)


class OpenCourse(CoreItem):
    """`OPEN_COURSES` / `COURSE#c`: points to a course of any MSP that people may take on their own account.

    Each course with `self_enroll` has one, so that one query finds them all.
    """

    course_id = UnicodeAttribute()
    msp_id = UnicodeAttribute()


OPEN_COURSES_PK = "OPEN_COURSES"


def courses_pk(msp_id: str) -> str:
    return f"MSP#{msp_id}#COURSES"


def course_sk(course_id: str) -> str:
    return f"COURSE#{course_id}"


def course_ref(msp_id: str, course_id: str) -> Ref[Course]:
    return Ref(Course, courses_pk(msp_id), course_sk(course_id))
