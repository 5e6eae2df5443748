"""Where enrollments begin: drafts to go on with, and a new one; also from a batch that there is."""

from chalicelib.core.errors import Conflict, FieldError, Invalid
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.msp.enrollment.draft import DRAFT, draft_of, first_open
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.organizations.lookups import org_of
from chalicelib.training.batches.store import BatchKey
from chalicelib.training.rollouts import copy_batch
from chalicelib.training.rollouts.drafts import service as drafts
from chalicelib.training.rollouts.drafts.schemas import DraftDates, DraftForm
from chalicelib.training.rollouts.schemas import Launch

pages = Pages(Permission.ROLLOUTS)

_MAX_NAME = 200


@pages.get("/msp/training/enrollment")
def start(visit: Visit) -> Shown:
    return _page(visit, [])


@pages.post("/msp/training/enrollment")
def begin(visit: Visit) -> GoTo | Shown:
    name = visit.form.one("name").strip()[:_MAX_NAME]
    if not name:
        return _page(visit, [FieldError("name", "required", "Give it a name so you can find it again.")])
    try:
        form = _copied(visit, name) if visit.form.one("copy") else DraftForm(name=name)
    except Conflict as error:
        return _page(visit, [FieldError("name", error.code, error.detail)])
    if org_id := visit.form.one("org_id"):
        org_of(visit.msp_scope.msp_id, org_id)
        form = form.model_copy(update={"org_ids": [org_id]})
    draft = drafts.begin(visit.msp_scope, visit.begun_id(form.model_dump_json()), form, visit.now)
    return GoTo(visit.address(f"/msp/training/enrollment/{draft.draft_id}/{first_open(draft)}"))


@pages.get(DRAFT)
def go_on(visit: Visit) -> GoTo:
    draft = draft_of(visit)
    return GoTo(visit.address(f"/msp/training/enrollment/{draft.draft_id}/{first_open(draft)}"))


@pages.post(DRAFT + "/delete")
def delete(visit: Visit) -> GoTo:
    drafts.delete(visit.msp_scope, visit.params["draft_id"], visit.now)
    return GoTo(visit.address("/msp/training/enrollment", done="deleted"))


def _copied(visit: Visit, name: str) -> DraftForm:
    """`copy` is `<client>.<batch>`. Raises NotFound; Conflict for what only the organization's own wizard can say."""
    org_id, _, batch_id = visit.form.one("copy").partition(".")
    org_of(visit.msp_scope.msp_id, org_id)
    launch = copy_batch.as_launch(BatchKey(visit.msp_scope.msp_id, org_id, batch_id), visit.now)
    return _form_of(launch, name)


def _form_of(launch: Launch, name: str) -> DraftForm:
    dates = {
        course.course_id: DraftDates(enroll_on=str(course.enroll_on or ""), due_by=str(course.due_by or ""))
        for course in launch.courses
    }
    return DraftForm(
        name=name, org_ids=launch.org_ids, course_ids=list(dates), dates=dates, preset="own",
        mode=launch.targeting.mode, group_ids=launch.targeting.group_ids, group_names=launch.targeting.group_names,
        enrollment=launch.notifications.enrollment, reminders=launch.notifications.reminders,
        reenroll_completed=launch.reenroll_completed,
    )  # fmt: skip


def _page(visit: Visit, errors: list[FieldError]) -> Shown:
    given = visit.form if errors else visit.query
    facts = {
        "drafts": drafts.newest(visit.msp_scope, visit.now),
        "copy": given.one("copy"),
        "org_id": given.one("org_id"),
        "name": given.one("name"),
        "errors": errors,
        "done": visit.query.one("done"),
    }
    return Shown("msp/enrollment/start.html", facts, Invalid.status if errors else 200)
