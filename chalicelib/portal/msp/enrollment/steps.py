"""Steps 1 to 4: clients, courses, recipients, schedule. Each saves its own fields and leads on to the next."""

from typing import Any

from chalicelib.core.errors import FieldError, Invalid
from chalicelib.portal import choosing
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.msp.enrollment.draft import DRAFT, draft_of, every_client, if_launched, show, to_step
from chalicelib.portal.msp.organizations import every_course
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.organizations.states import Readiness
from chalicelib.training.rollouts import preview
from chalicelib.training.rollouts.drafts import choices
from chalicelib.training.rollouts.drafts import service as drafts
from chalicelib.training.rollouts.drafts.models import Draft
from chalicelib.training.rollouts.drafts.schemas import DraftPatch
from chalicelib.training.rollouts.schemas import MAX_COURSES, MAX_ORGS, Launch

pages = Pages(Permission.ROLLOUTS)

# More than fit on a page are nobody's choice.
_MOST_READ = 500
_MODES = ("all", "groups", "exclude_groups", "group_names")
_PRESETS = ("all_immediate", "monthly_stagger", "own")


@pages.get(DRAFT + "/clients")
def clients(visit: Visit) -> GoTo | Shown:
    return _clients_page(visit, None)


@pages.post(DRAFT + "/clients")
def choose_clients(visit: Visit) -> GoTo | Shown:
    """ "All" takes the ready ones in the order of the list, as many as fit; who was chosen before stays chosen."""
    before = drafts.form_of(draft_of(visit)).org_ids
    told = choosing.chosen_after(visit, "org_id", before)[:_MOST_READ]
    chosen = choices.own_ids(visit.msp_scope, told)
    if visit.form.one("go") == "all":
        ready = [client.org_id for client in every_client(visit) if client.readiness == Readiness.READY]
        _save(visit, {"org_ids": list(dict.fromkeys([*chosen, *ready]))[:MAX_ORGS]})
        return to_step(visit, "clients")
    if at := choosing.where(visit):
        _save(visit, {"org_ids": chosen})
        return to_step(visit, "clients", **at)
    if not 1 <= len(chosen) <= MAX_ORGS:
        problem = f"Choose 1 to {MAX_ORGS} clients. You chose {len(chosen)}."
        return _clients_page(visit, Invalid(FieldError("org_ids", "wrong_number", problem)), chosen)
    _save(visit, {"org_ids": chosen})
    return to_step(visit, "courses")


@pages.get(DRAFT + "/courses")
def courses(visit: Visit) -> GoTo | Shown:
    return _courses_page(visit, None)


@pages.post(DRAFT + "/courses")
def choose_courses(visit: Visit) -> GoTo | Shown:
    """The order is that of the stagger: those chosen before keep theirs, new ones come last."""
    before = drafts.form_of(draft_of(visit)).course_ids
    chosen = choosing.chosen_after(visit, "course_id", before)[:_MOST_READ]
    if at := choosing.where(visit):
        _save(visit, {"course_ids": chosen})
        return to_step(visit, "courses", **at)
    move, _, moved = visit.form.one("go").partition(" ")
    if move in ("up", "down") and moved in chosen:
        _save(visit, {"course_ids": _moved(chosen, moved, -1 if move == "up" else 1)})
        return to_step(visit, "courses")
    if move == "drop":
        _save(visit, {"course_ids": [one for one in chosen if one != moved]})
        return to_step(visit, "courses")
    if not 1 <= len(chosen) <= MAX_COURSES:
        problem = f"Choose 1 to {MAX_COURSES} courses. You chose {len(chosen)}."
        return _courses_page(visit, Invalid(FieldError("course_ids", "wrong_number", problem)))
    _save(visit, {"course_ids": chosen})
    return to_step(visit, "courses" if move == "save" else "recipients")


@pages.get(DRAFT + "/recipients")
def recipients(visit: Visit) -> GoTo | Shown:
    return _recipients_page(visit, None)


@pages.post(DRAFT + "/recipients")
def choose_recipients(visit: Visit) -> GoTo | Shown:
    told = visit.form.one("mode")
    mode = told if told in _MODES else "all"
    typed = [line.strip() for line in visit.form.one("group_names").splitlines() if line.strip()]
    names = [*visit.form.many("group_name"), *typed]
    patch = {"mode": mode, "group_ids": visit.form.many("group_id"), "group_names": list(dict.fromkeys(names))}
    try:
        _save(visit, patch)
    except Invalid as error:
        return _recipients_page(visit, error)
    if mode in ("groups", "exclude_groups") and not patch["group_ids"]:
        return _recipients_page(visit, Invalid(FieldError("groups", "required", "Choose at least one group.")))
    if mode == "group_names" and not names:
        problem = "Enter at least one group name, each on a line of its own."
        return _recipients_page(visit, Invalid(FieldError("group_names", "required", problem)))
    return to_step(visit, "schedule")


@pages.get(DRAFT + "/schedule")
def schedule(visit: Visit) -> GoTo | Shown:
    return _schedule_page(visit, None)


@pages.post(DRAFT + "/schedule")
def choose_schedule(visit: Visit) -> GoTo | Shown:
    """Saves what was typed, right or wrong; what is right is counted, and the review shows it."""
    told = visit.form.one("preset")
    course_ids = drafts.form_of(draft_of(visit)).course_ids
    dates = {
        one: {name: visit.form.one(f"{name}_{one}").strip() for name in ("enroll_on", "due_by")} for one in course_ids
    }
    patch: dict[str, Any] = {
        "preset": told if told in _PRESETS else "all_immediate",
        "start_on": visit.form.one("start_on").strip(),
        "days_to_complete": visit.form.one("days_to_complete").strip(),
        "dates": dates,
        **{name: visit.form.one(name) == "yes" for name in ("enrollment", "reminders", "reenroll_completed")},
    }
    try:
        draft = _save(visit, patch)
    except Invalid as error:
        return _schedule_page(visit, error)
    if (gone := if_launched(visit, draft)) is not None:
        return gone
    try:
        count(visit, draft)
    except Invalid as error:
        if any(_is_of_schedule(one.field) for one in error.errors):
            return _schedule_page(visit, error)
    return to_step(visit, "review")


def count(visit: Visit, draft: Draft) -> None:
    """Begin a preview of the draft as it is; of a form that was sent twice, one. Raises Invalid."""
    launch = visit.read(Launch, drafts.form_of(draft).as_launch())
    plan_id = visit.begun_id(launch.model_dump_json())
    if draft.plan_id == plan_id:
        return
    preview.preview(visit.msp_scope, launch.form(), plan_id, visit.now)
    drafts.counted(draft, plan_id, visit.now)


def _is_of_schedule(field: str) -> bool:
    return field.startswith("schedule") or field.endswith(("enroll_on", "due_by"))


def _save(visit: Visit, patch: dict[str, Any]) -> Draft:
    """Within the limits that the HTTP interface has. Raises Invalid."""
    given = visit.read(DraftPatch, patch).given()
    return drafts.change(visit.msp_scope, visit.params["draft_id"], given, visit.now)


def _moved(ids: list[str], one: str, by: int) -> list[str]:
    index = ids.index(one)
    to = min(max(index + by, 0), len(ids) - 1)
    rest = [other for other in ids if other != one]
    return [*rest[:to], one, *rest[to:]]


def _clients_page(visit: Visit, error: Invalid | None, chosen: list[str] | None = None) -> GoTo | Shown:
    clients = every_client(visit)
    now = chosen if chosen is not None else drafts.form_of(draft_of(visit)).org_ids
    search, page = visit.query.one("search"), visit.query.one("page")
    facts = {
        "clients": choosing.choosing(clients, now, lambda one: one.org_id, lambda one: one.name, search, page),
        "names": {client.org_id: client.name for client in clients},
        "num_ready": sum(client.readiness == Readiness.READY for client in clients),
        "most": MAX_ORGS,
        "chosen": now,
    }
    return show(visit, "clients", facts, error)


def _courses_page(visit: Visit, error: Invalid | None) -> GoTo | Shown:
    form = drafts.form_of(draft_of(visit))
    courses = every_course(visit.msp_scope)
    search, page = visit.query.one("search"), visit.query.one("page")
    facts = {
        "courses": choosing.choosing(
            courses, form.course_ids, lambda one: one.course_id, lambda one: one.title, search, page
        ),
        "titles": {course.course_id: course.title for course in courses},
        "lacking": choices.lacking(visit.msp_scope, form.org_ids, form.course_ids),
        "most": MAX_COURSES,
    }
    return show(visit, "courses", facts, error)


def _recipients_page(visit: Visit, error: Invalid | None) -> GoTo | Shown:
    form = drafts.form_of(draft_of(visit))
    groups = choices.groups(visit.msp_scope, form.org_ids)
    others = [name for name in form.group_names if name not in {group.name for group in groups}]
    typed = visit.form.one("group_names") if error else "\n".join(others)
    facts = {"groups": groups, "typed_names": typed}
    return show(visit, "recipients", facts, error)


def _schedule_page(visit: Visit, error: Invalid | None) -> GoTo | Shown:
    form = drafts.form_of(draft_of(visit))
    titles = {course.course_id: course.title for course in every_course(visit.msp_scope)}
    ids_by_field = {f"courses.{index}": one for index, one in enumerate(form.course_ids)}
    return show(visit, "schedule", {"titles": titles, "ids_by_field": ids_by_field}, error)
