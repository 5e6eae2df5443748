"""Enrolling in courses, after who: which courses, their dates and mails, and the launch."""

from typing import Any

from chalicelib.core.errors import Conflict, FieldError, Invalid, MusterError, NotFound
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.live import live
from chalicelib.portal.live_trainings.enroll_common import COURSES_DRAFT, change, draft_of, results_path, show, to_step
from chalicelib.portal.live_trainings.enroll_users import words_of
from chalicelib.portal.orgs import choices
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.organizations.lookups import zone_in
from chalicelib.training.rollouts import launch, preview
from chalicelib.training.rollouts.schemas import MAX_COURSES, OrgLaunch, PreviewOut
from chalicelib.training.sessions.enrolling.drafts import service as drafts
from chalicelib.training.sessions.enrolling.drafts.models import EnrollDraft

pages = Pages(Permission.TRAINING)


@pages.get(COURSES_DRAFT + "/courses")
def courses(visit: Visit) -> GoTo | Shown:
    return _courses_page(visit, None)


@pages.post(COURSES_DRAFT + "/courses")
def choose_courses(visit: Visit) -> GoTo | Shown:
    chosen = list(dict.fromkeys(visit.form.many("course_id")))
    if not 1 <= len(chosen) <= MAX_COURSES:
        problem = f"Choose 1 to {MAX_COURSES} courses. You chose {len(chosen)}."
        return _courses_page(visit, Invalid(FieldError("course_ids", "wrong_number", problem)))
    _save(visit, {"course_ids": chosen})
    return to_step(visit, "schedule")


@pages.get(COURSES_DRAFT + "/schedule")
def schedule(visit: Visit) -> GoTo | Shown:
    return _schedule_page(visit, None)


@pages.post(COURSES_DRAFT + "/schedule")
def choose_schedule(visit: Visit) -> GoTo | Shown:
    """Saves what was typed, right or wrong; what is right is counted, and the review shows it."""
    ids = drafts.form_of(draft_of(visit)).course_ids
    dates = {
        one: {name: visit.form.one(f"{name}_{one}").strip()[:10] for name in ("enroll_on", "due_by")} for one in ids
    }
    flags = ("enrollment", "reminders", "reenroll_completed")
    draft = _save(visit, {"dates": dates, **{name: visit.form.one(name) == "yes" for name in flags}})
    if draft.enroll_id is None:
        try:
            _count(visit, draft)
        except Invalid as error:
            if any(one.field.endswith(("enroll_on", "due_by")) for one in error.errors):
                return _schedule_page(visit, error)
    return to_step(visit, "launch")


@pages.get(COURSES_DRAFT + "/launch")
def review(visit: Visit) -> GoTo | Shown:
    return _page(visit, None)


@pages.post(COURSES_DRAFT + "/count")
def count_again(visit: Visit) -> GoTo | Shown:
    try:
        _count(visit, draft_of(visit))
    except Invalid as error:
        return _page(visit, error)
    return to_step(visit, "launch")


@pages.post(COURSES_DRAFT + "/launch")
def launch_draft(visit: Visit) -> GoTo | Shown:
    """Under the draft's id as the key: pressed twice, or sent again after a lost answer, it launches once."""
    draft = draft_of(visit)
    if draft.enroll_id is not None:
        return GoTo(visit.address(results_path(visit, draft.enroll_id)))
    plan_id = visit.form.one("plan_id")
    if plan_id != draft.plan_id:
        # Another tab has changed the draft since this page was made: it would launch other than it showed.
        return to_step(visit, "launch")
    scope = visit.org_scope
    try:
        body = visit.read(OrgLaunch, {**drafts.form_of(draft).as_launch(), "plan_id": plan_id})
        form = body.form(scope.org).model_copy(update={"accept_changes": visit.form.one("accept") == "yes"})
        # As the HTTP interface names it: a key means the same there.
        route, raw = f"POST /orgs/{scope.org}/training/enrollment", body.model_dump_json().encode()
        (result,) = launch.launch(scope, form, route, draft.draft_id, raw, visit.now).results
    except (Invalid, Conflict) as error:
        return _page(visit, error)
    if result.batch_id is None:
        sentence = result.error.message if result.error else "This can't be launched right now."
        return _page(visit, Conflict("not_launched", sentence))
    drafts.enrolled(scope, "courses", draft.draft_id, result.batch_id, visit.now)
    return GoTo(visit.address(results_path(visit, result.batch_id), done="launched"))


def _count(visit: Visit, draft: EnrollDraft) -> None:
    """Begin a preview of the draft as it is; of a form that was sent twice, one. Raises Invalid."""
    body = visit.read(OrgLaunch, drafts.form_of(draft).as_launch())
    plan_id = visit.begun_id(body.model_dump_json())
    if draft.plan_id == plan_id:
        return
    preview.preview(visit.org_scope, body.form(visit.org_id), plan_id, visit.now)
    drafts.counted(draft, plan_id, visit.now)


def _save(visit: Visit, patch: dict[str, Any]) -> EnrollDraft:
    return change(visit, lambda _: patch)


def _courses_page(visit: Visit, error: MusterError | None) -> GoTo | Shown:
    facts = {"courses": choices.courses(visit.org_scope), "most": MAX_COURSES}
    return show(visit, "courses", facts, error)


def _schedule_page(visit: Visit, error: MusterError | None) -> GoTo | Shown:
    form = drafts.form_of(draft_of(visit))
    fields: dict[str, str] = {}
    for index, one in enumerate(form.course_ids):
        fields |= {f"courses.{index}.{name}": f"{name}_{one}" for name in ("enroll_on", "due_by")}
    facts = {
        "titles": dict(choices.courses(visit.org_scope)),
        "fields": fields,
        "zone": str(zone_in(visit.org_scope.msp_id, visit.org_id)),
    }
    return show(visit, "schedule", facts, error)


def _page(visit: Visit, error: MusterError | None) -> GoTo | Shown:
    draft = draft_of(visit)
    form = drafts.form_of(draft)
    plan = _plan(visit, draft)
    cells = plan.organizations[0].courses if plan and plan.organizations else []
    now = {one for one in form.course_ids if not (one in form.dates and form.dates[one].enroll_on)}
    facts = {
        "plan": plan,
        "cells": cells,
        "live": live(visit, plan is not None and plan.status == "running"),
        "titles": dict(choices.courses(visit.org_scope)),
        "filter_words": words_of(visit, form),
        "zone": str(zone_in(visit.org_scope.msp_id, visit.org_id)),
        "num_now": sum(cell.will_enroll for cell in cells if cell.course_id in now),
        "num_later": len(set(form.course_ids) - now),
        "num_mailed": sum(cell.would_be_mailed for cell in cells),
        "is_changed": error is not None and error.code == "plan_changed",
        "changes": error.extra.get("differences", []) if error is not None else [],
        "steps_of": {one.field: _step_of(one.field) for one in (error.errors if error else ())},
    }
    return show(visit, "launch", facts, error)


def _plan(visit: Visit, draft: EnrollDraft) -> PreviewOut | None:
    """None when nothing was counted, or its hour is over."""
    if draft.plan_id is None:
        return None
    try:
        return preview.state(visit.org_scope, draft.plan_id, visit.now)
    except NotFound:
        return None


def _step_of(field: str) -> str:
    if field.endswith(("enroll_on", "due_by")):
        return "schedule"
    return "users" if field.startswith("targeting") else "courses"
