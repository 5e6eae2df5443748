"""A learner's own courses, and the enrollments of one member as admins see and change them."""

from typing import Any

from chalicelib.core.errors import NotFound
from chalicelib.people.members import service as directory
from chalicelib.reporting.explain.schemas import ExplainOut, ExplainQuery
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.training.course_mails.member_mails import mails_of_member
from chalicelib.training.course_mails.schemas import MailPage
from chalicelib.training.progress import cancel_one, member_page, progress, results
from chalicelib.training.progress.enrollment_ids import EnrollmentId
from chalicelib.training.progress.schemas import (
    EnrollmentChange,
    EnrollmentOut,
    EnrollmentPage,
    MemberEnrollmentPage,
    StartedOut,
)
from chalicelib.training.self_enrollment import my_courses
from chalicelib.training.self_enrollment import progress as self_enrollment
from chalicelib.training.self_enrollment.progress import self_enrolled_course
from chalicelib.web.paging import PageQuery, Pager
from chalicelib.web.routing import Call, Routes

routes = Routes("Learners", __name__)

_MEMBER = "/orgs/{org_id}/members/{member_id}/enrollments"
_MEMBER_MAILS = "/orgs/{org_id}/members/{member_id}/mails"


@routes.add("GET", "/me/courses", summary="My courses", answer=EnrollmentPage, query=PageQuery)
def list_my_courses(call: Call[Any, PageQuery]) -> EnrollmentPage:
    """In every organization of which I am a member, with due dates; then those on my own account."""
    pager = Pager.of(call)
    items, position = my_courses.page(call.account_id, pager.limit, pager.position, call.now)
    return EnrollmentPage(items=items, next_cursor=pager.cursor(position))


@routes.add("POST", "/me/courses/{enrollment_id}/start", summary="Start a course", answer=StartedOut)
def start_course(call: Call[Any, Any]) -> StartedOut:
    """Answers the course's link. Starting again changes nothing and answers the link again."""
    course_id = self_enrolled_course(call.account_id, call.params["enrollment_id"])
    if course_id is not None:
        return self_enrollment.start(call.account_id, course_id, call.now)
    msp_id, enrollment_id = my_courses.find(call.account_id, call.params["enrollment_id"])
    return progress.start(msp_id, enrollment_id, call.now)


@routes.add("POST", "/me/courses/{enrollment_id}/complete", summary="Complete a course", answer=EnrollmentOut)
def complete_course(call: Call[Any, Any]) -> EnrollmentOut:
    course_id = self_enrolled_course(call.account_id, call.params["enrollment_id"])
    if course_id is not None:
        return self_enrollment.complete(call.account_id, call.name, course_id, call.now)
    msp_id, enrollment_id = my_courses.find(call.account_id, call.params["enrollment_id"])
    return progress.complete(msp_id, enrollment_id, call.now)


@routes.add(
    "GET",
    _MEMBER,
    summary="A member's enrollments",
    answer=MemberEnrollmentPage,
    query=PageQuery,
    needs=Permission.TRAINING_READ,
    limited=True,
)
def member_enrollments(call: Call[Any, PageQuery]) -> MemberEnrollmentPage:
    """Current ones, and earlier ones of the same course marked `earlier`; of an archived member completed ones only."""
    scope, member_id = _scope(call), call.params["member_id"]
    status = directory.member(scope, member_id, call.now).status
    return member_page.page(scope, member_id, status, Pager.of(call), call.now)


@routes.add(
    "PATCH", _MEMBER + "/{enrollment_id}", summary="Enter a result, or change a due date",
    body=EnrollmentChange, answer=EnrollmentOut, needs=Permission.RESULTS, limited=True,
)  # fmt: skip
def change_enrollment(call: Call[EnrollmentChange, Any]) -> EnrollmentOut:
    return results.enter(_scope(call), _enrollment_id(call), call.body, call.now)


@routes.add(
    "GET", "/orgs/{org_id}/members/{member_id}/explain", summary="Why somebody is, or is not, enrolled",
    answer=ExplainOut, query=ExplainQuery, needs=Permission.TRAINING_READ, limited=True,
)  # fmt: skip
def explain(call: Call[Any, ExplainQuery]) -> ExplainOut:
    """What decided, and the way there in order; also what would enroll them, and when."""
    from chalicelib.reporting.explain import service

    return service.explain(_scope(call), call.params["member_id"], call.query.course_id)


@routes.add(
    "DELETE", _MEMBER + "/{enrollment_id}", summary="Cancel one enrollment", answer=None, status=204,
    needs=Permission.TRAINING, limited=True,
)  # fmt: skip
def cancel_enrollment(call: Call[Any, Any]) -> None:
    """The seat is free again; what was started stays in the list. What is completed stays: 409 `already_completed`."""
    cancel_one.cancel(_scope(call), _enrollment_id(call), call.now)


@routes.add(
    "GET",
    _MEMBER_MAILS,
    summary="What became of a member's mails",
    answer=MailPage,
    query=PageQuery,
    needs=Permission.TRAINING_READ,
    limited=True,
)
def member_mails(call: Call[Any, PageQuery]) -> MailPage:
    """Of the invitation the latest, and those about enrollments and due dates; with SES's reason where there is one."""
    scope, member_id = _scope(call), call.params["member_id"]
    directory.member(scope, member_id, call.now)
    return mails_of_member(scope, member_id, Pager.of(call))


def _scope(call: Call[Any, Any]) -> Scope:
    org_id = call.params["org_id"]
    path = directory.department_path_of(org_id, call.params["member_id"])
    return access.org(call.account_id, org_id, call.needs, path)


def _enrollment_id(call: Call[Any, Any]) -> EnrollmentId:
    """Raises NotFound when it is not one of this member."""
    enrollment_id = EnrollmentId.parse(call.params["enrollment_id"])
    if (enrollment_id.org_id, enrollment_id.member_id) != (call.params["org_id"], call.params["member_id"]):
        raise NotFound()
    return enrollment_id
