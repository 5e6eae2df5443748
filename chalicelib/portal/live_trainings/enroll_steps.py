"""Enrolling, the second and third step: which sessions, and from when on people know."""

from typing import Any

from chalicelib.core.errors import FieldError, Invalid, MusterError
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.live_trainings.common import sessions_of, to_come
from chalicelib.portal.live_trainings.enroll_common import DRAFT, change, draft_of, show, to_step
from chalicelib.portal.live_trainings.enroll_review import visible_from
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.organizations.lookups import zone_in
from chalicelib.training.sessions import trainings
from chalicelib.training.sessions.enrolling.drafts import service as drafts
from chalicelib.training.sessions.enrolling.drafts.choices import chosen
from chalicelib.training.sessions.enrolling.enroll_schemas import MAX_TRAININGS
from chalicelib.training.sessions.schemas import SessionOut, TrainingOut, TrainingQuery

pages = Pages(Permission.TRAININGS)

# Each with its sessions, which are a read of their own.
_PER_PAGE = 10


@pages.get(DRAFT + "/trainings")
def choose_from(visit: Visit) -> GoTo | Shown:
    return _trainings_page(visit, None)


@pages.post(DRAFT + "/trainings")
def choose_trainings(visit: Visit) -> GoTo | Shown:
    """A session of each training on the page, or none; what was chosen on other pages stays."""
    shown = visit.form.many("training_id")[:_PER_PAGE]
    go, _, removed = visit.form.one("go").partition(" ")
    answers = {one: "" if one == removed else visit.form.one(f"session_{one}") for one in shown}

    def patch(form: Any) -> dict[str, Any]:
        kept = {one: session for one, session in form.sessions.items() if one not in answers and one != removed}
        return {"sessions": {**kept, **{one: session for one, session in answers.items() if session}}}

    after = patch(drafts.form_of(draft_of(visit)))["sessions"]
    if len(after) > MAX_TRAININGS:
        problem = f"Choose up to {MAX_TRAININGS} trainings. You chose {len(after)}."
        return _trainings_page(visit, Invalid(FieldError("sessions", "too_many", problem)))
    change(visit, patch)
    if go == "next" and not after:
        return _trainings_page(visit, Invalid(FieldError("sessions", "required", "Choose at least one session.")))
    if go == "next":
        return to_step(visit, "parameters")
    query = {name: visit.query.one(name) for name in ("search", "training_id", "cursor")}
    return to_step(visit, "trainings", **query)


@pages.get(DRAFT + "/parameters")
def parameters(visit: Visit) -> GoTo | Shown:
    return _parameters_page(visit, None)


@pages.post(DRAFT + "/parameters")
def choose_parameters(visit: Visit) -> GoTo | Shown:
    """Saves what was typed, right or wrong."""
    given = {
        "visible": "later" if visit.form.one("visible") == "later" else "now",
        "day": visit.form.one("day").strip()[:10],
        "time": visit.form.one("time").strip()[:5],
    }
    draft = change(visit, lambda _: given)
    try:
        visible_from(visit, drafts.form_of(draft))
    except Invalid as error:
        return _parameters_page(visit, error)
    return to_step(visit, "review")


def _trainings_page(visit: Visit, error: MusterError | None) -> GoTo | Shown:
    word, wanted = visit.query.one("search").strip()[:200], visit.query.one("training_id")
    query = TrainingQuery(limit=_PER_PAGE, search=word or None)
    if wanted:
        listed: list[TrainingOut] = [trainings.read(visit.org_scope, wanted, visit.now)]
        next_cursor = None
    else:
        page = trainings.page(visit.org_scope, query, visit.pager(query), visit.now)
        listed, next_cursor = page.items, page.next_cursor
    offered: list[tuple[TrainingOut, list[SessionOut]]] = [
        (one, to_come(visit, sessions_of(visit, one.training_id)) if one.next_session_at else []) for one in listed
    ]
    form = drafts.form_of(draft_of(visit))
    named, warnings = chosen(visit.org_scope, form)
    facts = {
        "offered": offered,
        "search": word,
        "training_id": wanted,
        "cursor": visit.query.one("cursor"),
        "next_cursor": next_cursor,
        "is_first": not visit.query.one("cursor"),
        "chosen": named,
        "warnings": warnings,
    }
    return show(visit, "trainings", facts, error)


def _parameters_page(visit: Visit, error: MusterError | None) -> GoTo | Shown:
    named, warnings = chosen(visit.org_scope, drafts.form_of(draft_of(visit)))
    zone = str(zone_in(visit.org_scope.msp_id, visit.org_id))
    return show(visit, "parameters", {"chosen": named, "warnings": warnings, "zone": zone}, error)
