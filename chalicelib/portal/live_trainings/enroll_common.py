"""What the steps of enrolling share: the draft of the address, the list of steps, and which of them are done.

In live trainings or in courses: the first step, who, is the same.
"""

from collections.abc import Callable
from typing import Any

from chalicelib.core.errors import MusterError
from chalicelib.people.search.picked import picked
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.live_trainings.common import TRAININGS
from chalicelib.portal.visit import Visit
from chalicelib.training.sessions.enrolling.drafts import service as drafts
from chalicelib.training.sessions.enrolling.drafts.models import EnrollDraft
from chalicelib.training.sessions.enrolling.drafts.schemas import EnrollDraftForm, Kind

ENROLL = TRAININGS + "/enroll"
DRAFT = ENROLL + "/{draft_id}"
COURSES = "/orgs/{org_id}/training/enrollment"
COURSES_DRAFT = COURSES + "/{draft_id}"
STEPS: dict[Kind, tuple[str, ...]] = {
    "trainings": ("users", "trainings", "parameters", "review"),
    "courses": ("users", "courses", "schedule", "launch"),
}

# Names that a page lists; the others are counted.
NAMED = 50


def kind_of(visit: Visit) -> Kind:
    return "courses" if visit.path.split("/")[3] == "training" else "trainings"


def draft_of(visit: Visit) -> EnrollDraft:
    """Raises NotFound."""
    return drafts.find(visit.org_scope, kind_of(visit), visit.params["draft_id"], visit.now)


def change(visit: Visit, patch: Callable[[EnrollDraftForm], dict[str, Any]]) -> EnrollDraft:
    """Raises NotFound."""
    return drafts.change(visit.org_scope, kind_of(visit), visit.params["draft_id"], patch, visit.now)


def enroll_path(visit: Visit, *more: str) -> str:
    """Where enrolling of this kind begins, and what lies below it."""
    return "/".join([*visit.path.split("/")[:5], *more])


def to_step(visit: Visit, step: str, **query: Any) -> GoTo:
    return GoTo(visit.address(enroll_path(visit, visit.params["draft_id"], step), **query))


def next_step(form: EnrollDraftForm) -> str:
    """The first one that is not done."""
    steps = STEPS[form.kind]
    return next((step for step in steps if not is_done(form, step)), steps[-1])


def results_path(visit: Visit, enroll_id: str) -> str:
    """Of courses that is the batch."""
    where = "training" if kind_of(visit) == "courses" else "trainings/enrolled"
    return f"/orgs/{visit.org_id}/{where}/{enroll_id}"


def show(visit: Visit, step: str, facts: dict[str, Any], error: MusterError | None = None) -> GoTo | Shown:
    """The step's page, or the results once people were enrolled."""
    draft = draft_of(visit)
    if draft.enroll_id is not None:
        return GoTo(visit.address(results_path(visit, draft.enroll_id)))
    form = drafts.form_of(draft)
    common = {
        "draft": draft,
        "form": form,
        "step": step,
        "at": enroll_path(visit, draft.draft_id),
        "begin": enroll_path(visit),
        "states": {name: _state(form, name, step) for name in STEPS[form.kind]},
        "people": picked(visit.org_scope, form.member_ids[:NAMED], visit.now),
        "problem": error,
    }
    return Shown(f"trainings/enroll/{step}.html", {**common, **facts}, error.status if error else 200)


def is_done(form: EnrollDraftForm, step: str) -> bool:
    if step == "users":
        return form.has_people
    if step == "trainings":
        return bool(form.sessions)
    if step == "courses":
        return bool(form.course_ids)
    if step == "parameters":
        return form.visible == "now" or bool(form.day)
    return step == "schedule"


def _state(form: EnrollDraftForm, name: str, now: str) -> str:
    """A step can be opened once those before it hold."""
    if name == now:
        return "now"
    steps = STEPS[form.kind]
    if not all(is_done(form, one) for one in steps[: steps.index(name)]):
        return "next"
    return "done" if is_done(form, name) else "open"
