"""The same course in the libraries of two MSPs."""

from chalicelib.core.text import searchable
from chalicelib.tenants.courses import store
from chalicelib.tenants.courses.models import Course

# 1,000 courses, as many as a search looks at.
_PAGE, _READS = 250, 4


def twin_of(course: Course, msp_id: str) -> Course | None:
    """The course of this MSP's library with the same link, else the same title in any letter case; None without one."""
    same_title: Course | None = None
    after: str | None = None
    for _ in range(_READS):
        page = store.courses(msp_id, _PAGE, after)
        for other in page.items:
            if other.launch_url == course.launch_url:
                return other
            if same_title is None and searchable(other.title) == searchable(course.title):
                same_title = other
        after = page.next_position
        if after is None:
            break
    return same_title
