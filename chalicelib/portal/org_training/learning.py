"""What one person learns: their courses and trainings, why each is there, results, mails, and progress they offer."""

from typing import Any

from chalicelib.core.clock import to_instant
from chalicelib.core.errors import Conflict, Invalid, MusterError, NotFound
from chalicelib.people.members import service as directory
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.live_trainings.common import number_or_text
from chalicelib.portal.orgs import choices
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.organizations.lookups import zone_in
from chalicelib.training.batches.states import LIVE
from chalicelib.training.course_mails.member_mails import mails_of_member
from chalicelib.training.progress import cancel_one, member_page, results
from chalicelib.training.progress.enrollment_ids import EnrollmentId
from chalicelib.training.progress.schemas import EnrollmentChange, MemberEnrollmentOut
from chalicelib.training.self_enrollment import offers
from chalicelib.training.self_enrollment.schemas import OfferOut
from chalicelib.training.sessions import participants
from chalicelib.web.idempotency import idempotent
from chalicelib.web.paging import Walk

pages = Pages(Permission.TRAINING_READ)

_LEARNING = "/orgs/{org_id}/learning/{member_id}"
_ENROLLMENT = _LEARNING + "/{learned_id}"
_MAILS = 20


@pages.get(_LEARNING)
def learning(visit: Visit) -> Shown:
    scope, member_id = visit.org_scope, visit.params["member_id"]
    person = directory.member(scope, member_id, visit.now)
    may_enter = Permission.RESULTS in scope.permissions
    facts = {
        "person": person,
        "courses": _courses(visit),
        "trainings": choices.every(lambda pager: participants.of_member(scope, member_id, person.status, pager)),
        "mails": mails_of_member(scope, member_id, Walk(_MAILS, None)).items,
        "offers": offers.open_offers(scope, member_id, Walk(_MAILS, None)).items if may_enter else [],
        "live": LIVE,
        "may_enter": may_enter,
        "may_cancel": Permission.TRAINING in scope.permissions,
        "done": visit.query.one("done"),
    }
    return Shown("org_training/learning.html", facts)


@pages.post(_LEARNING + "/offers/{offer_id}", needs=Permission.RESULTS)
def accept_offer(visit: Visit) -> GoTo:
    """Accepting again does nothing more."""
    scope, params = visit.org_scope, visit.params
    idempotent(
        visit.call(), OfferOut, lambda seed: offers.accept(scope, params["member_id"], params["offer_id"], visit.now)
    )
    return _back(visit, "offer")


@pages.get(_ENROLLMENT, needs=Permission.RESULTS)
def show_enrollment(visit: Visit) -> Shown:
    return _form(visit, None)


@pages.post(_ENROLLMENT, needs=Permission.RESULTS)
def change_enrollment(visit: Visit) -> GoTo | Shown:
    """A due date, or a result. Entering the same again changes nothing."""
    given: dict[str, Any] = {"due_by": visit.form.one("due_by") or None}
    if visit.form.one("what") == "result":
        given = {
            "result": {
                "completed_at": visit.form.one("completed_at") or None,
                "score": number_or_text(visit.form.one("score")),
            }
        }
    try:
        results.enter(visit.org_scope, _id(visit), visit.read(EnrollmentChange, given), visit.now)
    except (Invalid, Conflict) as error:
        return _form(visit, error)
    return _back(visit, "saved")


@pages.get(_ENROLLMENT + "/cancel", needs=Permission.TRAINING)
def ask_cancel(visit: Visit) -> Shown:
    return Shown("org_training/cancel_one.html", _facts(visit))


@pages.post(_ENROLLMENT + "/cancel", needs=Permission.TRAINING)
def cancel(visit: Visit) -> GoTo:
    """Cancelling again changes nothing."""
    cancel_one.cancel(visit.org_scope, _id(visit), visit.now)
    return _back(visit, "cancelled")


def _courses(visit: Visit) -> list[MemberEnrollmentOut]:
    scope, member_id = visit.org_scope, visit.params["member_id"]
    status = directory.member(scope, member_id, visit.now).status
    found: list[MemberEnrollmentOut] = choices.every(
        lambda pager: member_page.page(scope, member_id, status, pager, visit.now)
    )
    return sorted(found, key=lambda one: (one.earlier, one.status not in LIVE, str(one.due_by or "~"), one.title))


def _id(visit: Visit) -> EnrollmentId:
    """Raises NotFound when it is not one of this member."""
    found = EnrollmentId.parse(visit.params["learned_id"])
    if (found.org_id, found.member_id) != (visit.org_id, visit.params["member_id"]):
        raise NotFound()
    return found


def _facts(visit: Visit) -> dict[str, Any]:
    wanted = visit.params["learned_id"]
    found = next((one for one in _courses(visit) if one.enrollment_id == wanted), None)
    if found is None:
        raise NotFound()
    person = directory.member(visit.org_scope, visit.params["member_id"], visit.now)
    return {"person": person, "course": found, "back": _path(visit)}


def _form(visit: Visit, error: MusterError | None) -> Shown:
    scope, facts = visit.org_scope, _facts(visit)
    names = ("due_by", "completed_at", "score")
    completed_at = facts["course"].completed_at
    # What is corrected keeps its day, which is the organization's.
    day = to_instant(completed_at).astimezone(zone_in(scope.msp_id, scope.org)).date() if completed_at else ""
    stored = {
        "due_by": str(facts["course"].due_by or ""),
        "completed_at": str(day),
        "score": "" if facts["course"].score is None else facts["course"].score,
    }
    typed = {name: visit.form.one(name) for name in names if name in visit.form} if error else {}
    shown = {"given": {**stored, **typed}, "is_open": facts["course"].status in LIVE, "problem": error}
    return Shown("org_training/enrollment.html", {**facts, **shown}, error.status if error else 200)


def _path(visit: Visit) -> str:
    return f"/orgs/{visit.org_id}/learning/{visit.params['member_id']}"


def _back(visit: Visit, done: str) -> GoTo:
    return GoTo(visit.address(_path(visit), done=done))
