"""Step 5: what will happen, counted; and the launch."""

from chalicelib.core.errors import Conflict, Invalid, MusterError, NotFound
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.live import live
from chalicelib.portal.msp.enrollment.draft import DRAFT, draft_of, every_client, if_launched, show, to_step
from chalicelib.portal.msp.enrollment.steps import count
from chalicelib.portal.msp.organizations import every_course
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.states import Permission
from chalicelib.training.rollouts import launch, preview
from chalicelib.training.rollouts.drafts import service as drafts
from chalicelib.training.rollouts.drafts.models import Draft
from chalicelib.training.rollouts.schemas import Launch, PreviewCourse, PreviewOut

pages = Pages(Permission.ROLLOUTS)

# As the HTTP interface names it: a key means the same there.
_ROUTE = "POST /msp/training/enrollment"

# Which step mends what is wrong.
_STEP_BY_FIELD = {"org_ids": "clients", "targeting": "recipients", "schedule": "schedule", "name": "clients"}


@pages.get(DRAFT + "/review")
def review(visit: Visit) -> GoTo | Shown:
    return _page(visit, None)


@pages.post(DRAFT + "/count")
def count_again(visit: Visit) -> GoTo | Shown:
    try:
        count(visit, draft_of(visit))
    except Invalid as error:
        return _page(visit, error)
    return to_step(visit, "review")


@pages.post(DRAFT + "/launch")
def launch_draft(visit: Visit) -> GoTo | Shown:
    """Under the draft's id as the key: pressed twice, or sent again after a lost answer, it launches once."""
    draft = draft_of(visit)
    if (gone := if_launched(visit, draft)) is not None:
        return gone
    plan_id = visit.form.one("plan_id")
    if plan_id != draft.plan_id:
        # Another tab has changed the draft since this page was made: what would be launched is not what it showed.
        return to_step(visit, "review")
    try:
        body = visit.read(Launch, {**drafts.form_of(draft).as_launch(), "plan_id": plan_id})
        form = body.form().model_copy(update={"accept_changes": visit.form.one("accept") == "yes"})
        raw = body.model_dump_json().encode()
        done = launch.launch(visit.msp_scope, form, _ROUTE, draft.draft_id, raw, visit.now)
    except (Invalid, Conflict) as error:
        return _page(visit, error)
    drafts.launched(visit.msp_scope, draft.draft_id, done.rollout_id, visit.now)
    return GoTo(visit.address(f"/msp/rollouts/{done.rollout_id}", done="launched"))


def _page(visit: Visit, error: MusterError | None) -> GoTo | Shown:
    draft = draft_of(visit)
    form = drafts.form_of(draft)
    plan = _plan(visit, draft)
    cells = [cell for org in plan.organizations for cell in org.courses] if plan else []
    clients = every_client(visit)
    changes = error.extra.get("differences", []) if error is not None else []
    lines = [(org, cell) for org in plan.organizations for cell in org.courses] if plan else []
    facts = {
        "plan": plan,
        # Clients stay together; those with problems come first.
        "lines": sorted(lines, key=lambda line: not any(map(_has_problem, line[0].courses))),
        "has_problems": any(map(_has_problem, cells)),
        "now_ids": {cell.course_id for cell in cells if _is_now(form.preset, form.dates, cell.course_id)},
        "live": live(visit, plan is not None and plan.status == "running"),
        "names": {client.org_id: client.name for client in clients},
        "zones": {client.org_id: client.time_zone for client in clients},
        "titles": {course.course_id: course.title for course in every_course(visit.msp_scope)},
        "num_now": sum(cell.will_enroll for cell in cells if _is_now(form.preset, form.dates, cell.course_id)),
        "num_later": len({cell.course_id for cell in cells if not _is_now(form.preset, form.dates, cell.course_id)}),
        "num_mailed": sum(cell.would_be_mailed for cell in cells),
        "changes": changes,
        "is_changed": error is not None and error.code == "plan_changed",
        "steps_of": {one.field: _step_of(one.field) for one in (error.errors if error else ())},
    }
    return show(visit, "review", facts, error)


def _plan(visit: Visit, draft: Draft) -> PreviewOut | None:
    """None when nothing was counted, or its hour is over."""
    if draft.plan_id is None:
        return None
    try:
        return preview.state(visit.msp_scope, draft.plan_id, visit.now)
    except NotFound:
        return None


def _has_problem(cell: PreviewCourse) -> bool:
    return bool(cell.no_access or cell.no_seat or cell.groups_missing or cell.code)


def _is_now(preset: str, dates: object, course_id: str) -> bool:
    if preset != "own":
        return preset == "all_immediate"
    found = dates.get(course_id) if isinstance(dates, dict) else None
    return found is None or not found.enroll_on


def _step_of(field: str) -> str:
    if field.endswith(("enroll_on", "due_by")):
        return "schedule"
    return _STEP_BY_FIELD.get(field.split(".")[0], "courses")
