"""Items of the course library."""

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.aws.table import CoreItem


class Course(CoreItem):
    """`MSP#m#COURSES` / `COURSE#c`."""

    course_id = UnicodeAttribute()
    title = UnicodeAttribute()
    summary = UnicodeAttribute()
    duration_minutes = NumberAttribute()
    launch_url = UnicodeAttribute()
    certificate = BooleanAttribute(default=False)
    self_enroll = BooleanAttribute(default=False)


def courses_pk(msp_id: str) -> str:
    return f"MSP#{msp_id}#COURSES"


def course_sk(course_id: str) -> str:
    return f"COURSE#{course_id}"
