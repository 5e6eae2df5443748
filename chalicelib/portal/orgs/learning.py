"""What one person learns here: courses and live trainings with why they are there, results, due dates, their mails."""

from typing import Any

from chalicelib.core.clock import to_instant
from chalicelib.core.errors import Conflict, Invalid, MusterError, NotFound
from chalicelib.people.invitations import invite
from chalicelib.people.members import service as directory
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.orgs import choices
from chalicelib.portal.orgs.learners import LEARNERS
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.organizations.lookups import zone_in
from chalicelib.training.batches.states import LIVE
from chalicelib.training.progress import member_page
from chalicelib.training.progress.enrollment_ids import EnrollmentId
from chalicelib.training.progress.schemas import EnrollmentChange, MemberEnrollmentOut
from chalicelib.web.paging import MAX_LIMIT, Walk

pages = Pages(Permission.TRAINING_READ)

_MEMBER = LEARNERS + "/{member_id}"
_ENROLLED = _MEMBER + "/learning/{enrolled_id}"


@pages.get(LEARNERS + "/announcement", needs=Permission.INVITES)
def announcement(visit: Visit) -> Shown:
    return Shown("orgs/announcement.html", {"text": invite.announcement(visit.org_scope)})


@pages.get(_MEMBER + "/learning")
def show(visit: Visit) -> Shown:
    from chalicelib.training.sessions import participants

    scope, person = visit.org_scope, _person(visit)
    facts = {
        "person": person,
        "shown": member_page.page(scope, person.member_id, person.status, visit.pager(), visit.now),
        "trainings": participants.of_member(scope, person.member_id, person.status, Walk(MAX_LIMIT, None)).items,
        "zone": str(zone_in(scope.msp_id, scope.org)),
        "is_first": not visit.query.one("cursor"),
        "live": LIVE,
        "done": visit.query.one("done"),
    }
    return Shown("orgs/learning.html", facts)


@pages.get(_ENROLLED)
def show_enrolled(visit: Visit) -> Shown:
    return _page(visit, None)


@pages.post(_ENROLLED, needs=Permission.RESULTS)
def change(visit: Visit) -> GoTo | Shown:
    """A due date, or a result. Entering the same again changes nothing."""
    from chalicelib.training.progress import results

    form = visit.form
    given: dict[str, Any] = {"due_by": form.one("due_by") or None}
    if form.one("what") == "result":
        score = form.one("score").strip()
        is_number = score.isdecimal() and len(score) < 6
        given = {
            "result": {
                "completed_at": form.one("completed_at") or None,
                "score": int(score) if is_number else score or None,
            }
        }
    try:
        results.enter(visit.org_scope, _id(visit), visit.read(EnrollmentChange, given), visit.now)
    except (Invalid, Conflict) as error:
        return _page(visit, error)
    return _back(visit, "saved")


@pages.post(_ENROLLED + "/cancel", needs=Permission.TRAINING)
def cancel(visit: Visit) -> GoTo | Shown:
    from chalicelib.training.progress import cancel_one

    try:
        cancel_one.cancel(visit.org_scope, _id(visit), visit.now)
    except Conflict as error:
        return _page(visit, error)
    return _back(visit, "cancelled")


@pages.get(_MEMBER + "/mails")
def mails(visit: Visit) -> Shown:
    from chalicelib.training.course_mails.member_mails import mails_of_member

    scope, person = visit.org_scope, _person(visit)
    facts = {
        "person": person,
        "shown": mails_of_member(scope, person.member_id, visit.pager()),
        "zone": str(zone_in(scope.msp_id, scope.org)),
        "is_first": not visit.query.one("cursor"),
    }
    return Shown("orgs/mails.html", facts)


def _person(visit: Visit) -> Any:
    return directory.member(visit.org_scope, visit.params["member_id"], visit.now)


def _id(visit: Visit) -> EnrollmentId:
    """Raises NotFound when it is not one of this member."""
    found = EnrollmentId.parse(visit.params["enrolled_id"])
    if (found.org_id, found.member_id) != (visit.org_id, visit.params["member_id"]):
        raise NotFound()
    return found


def _back(visit: Visit, done: str) -> GoTo:
    return GoTo(visit.address(f"/orgs/{visit.org_id}/learners/{visit.params['member_id']}/learning", done=done))


def _page(visit: Visit, error: MusterError | None) -> Shown:
    scope, person = visit.org_scope, _person(visit)
    everything: list[MemberEnrollmentOut] = choices.every(
        lambda pager: member_page.page(scope, person.member_id, person.status, pager, visit.now)
    )
    found = next((one for one in everything if one.enrollment_id == visit.params["enrolled_id"]), None)
    if found is None:
        raise NotFound("There is no such enrollment")
    form, zone = visit.form, zone_in(scope.msp_id, scope.org)
    # What is corrected keeps its day.
    completed_on = to_instant(found.completed_at).astimezone(zone).date() if found.completed_at else ""
    facts = {
        "person": person,
        "enrolled": found,
        "is_open": found.status in LIVE and not found.earlier,
        "may_enter": Permission.RESULTS in scope.permissions and not found.earlier,
        "may_cancel": Permission.TRAINING in scope.permissions,
        "typed": {
            "due_by": form.one("due_by") if error else found.due_by or "",
            "completed_at": form.one("completed_at") if error else completed_on,
            "score": form.one("score") if error else "" if found.score is None else found.score,
        },
        "zone": str(zone),
        "problem": error,
    }
    return Shown("orgs/enrolled.html", facts, error.status if error else 200)
