"""A learner's courses: to start, to go on with, to complete, and what was completed."""

from chalicelib.core.errors import Conflict, Invalid, MusterError, NotFound
from chalicelib.people.members.states import MemberStatus
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.me import own
from chalicelib.portal.site_map import ACCOUNT, Pages
from chalicelib.portal.visit import Visit
from chalicelib.training.batches.states import LIVE, EnrollmentStatus
from chalicelib.training.progress import progress
from chalicelib.training.progress.schemas import EnrollmentOut, StartedOut
from chalicelib.training.self_enrollment import my_courses, offers
from chalicelib.training.self_enrollment import progress as self_enrollment
from chalicelib.training.self_enrollment.progress import self_enrolled_course

pages = Pages(ACCOUNT)

_COURSE = "/me/courses/{enrollment_id}"
_SHOWN = ("open", "overdue", "completed")


@pages.get("/me/courses")
def courses(visit: Visit) -> Shown:
    found = own.courses(visit)
    lists = {
        "open": [one for one in found if one.status in LIVE],
        "overdue": [one for one in found if one.overdue],
        "completed": [one for one in found if one.status not in LIVE],
    }
    show = visit.query.one("show")
    facts = {
        "show": show if show in _SHOWN else "open",
        "lists": lists,
        "names": own.names(visit),
    }
    return Shown("me/courses.html", facts)


@pages.get(_COURSE)
def course(visit: Visit) -> Shown:
    return _page(visit, None)


@pages.post(_COURSE + "/start")
def start(visit: Visit) -> GoTo | Shown:
    """The course opens from the page that comes next: our policy keeps forms from leading to other sites."""
    try:
        _start(visit)
    except Conflict as error:
        return _page(visit, error)
    return _back(visit, "started")


@pages.post(_COURSE + "/complete")
def complete(visit: Visit) -> GoTo | Shown:
    try:
        course_id = self_enrolled_course(visit.account_id, visit.params["enrollment_id"])
        if course_id is not None:
            self_enrollment.complete(visit.account_id, own.account_name(visit), course_id, visit.now)
        else:
            progress.complete(*my_courses.find(visit.account_id, visit.params["enrollment_id"]), visit.now)
    except Conflict as error:
        return _page(visit, error)
    return _back(visit, "completed")


@pages.post(_COURSE + "/offer")
def offer(visit: Visit) -> GoTo | Shown:
    """Progress of one's own account, to an organization of theirs. Offering again is the same offer."""
    course_id = self_enrolled_course(visit.account_id, visit.params["enrollment_id"])
    if course_id is None:
        raise NotFound()
    try:
        offers.offer(visit.account_id, course_id, visit.form.one("org_id"), visit.now)
    except (Conflict, Invalid) as error:
        return _page(visit, error)
    return _back(visit, "offered")


def _start(visit: Visit) -> StartedOut:
    """Starting again changes nothing, and gives the course's link again."""
    course_id = self_enrolled_course(visit.account_id, visit.params["enrollment_id"])
    if course_id is not None:
        return self_enrollment.start(visit.account_id, course_id, visit.now)
    return progress.start(*my_courses.find(visit.account_id, visit.params["enrollment_id"]), visit.now)


def _enrollment(visit: Visit) -> EnrollmentOut:
    wanted = visit.params["enrollment_id"]
    found = next((one for one in own.courses(visit) if one.enrollment_id == wanted), None)
    if found is None:
        raise NotFound("There is no such course")
    return found


def _page(visit: Visit, error: MusterError | None) -> Shown:
    found = _enrollment(visit)
    is_own = found.org_id is None and found.status != EnrollmentStatus.ENROLLED
    places = visit.me.memberships if is_own else []
    facts = {
        "course": found,
        "launch_url": _start(visit).launch_url if found.status == EnrollmentStatus.IN_PROGRESS else "",
        "names": own.names(visit),
        "places": [(one.org_id, one.name) for one in places if one.status == MemberStatus.ACTIVE],
        "problem": error,
        "done": visit.query.one("done"),
    }
    return Shown("me/course.html", facts, error.status if error else 200)


def _back(visit: Visit, done: str) -> GoTo:
    return GoTo(visit.address(f"/me/courses/{visit.params['enrollment_id']}", done=done))
