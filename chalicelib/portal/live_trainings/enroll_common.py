"""What the steps of enrolling share: the draft of the address, the list of steps, and which of them are done."""

from typing import Any

from chalicelib.core.errors import MusterError
from chalicelib.people.search.picked import picked
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.live_trainings.common import TRAININGS
from chalicelib.portal.visit import Visit
from chalicelib.training.sessions import sessions, store
from chalicelib.training.sessions.enrolling import overlaps
from chalicelib.training.sessions.enrolling.drafts import service as drafts
from chalicelib.training.sessions.enrolling.drafts.models import EnrollDraft
from chalicelib.training.sessions.enrolling.drafts.schemas import EnrollDraftForm
from chalicelib.training.sessions.enrolling.enroll_schemas import OverlapWarning
from chalicelib.training.sessions.schemas import SessionOut

ENROLL = TRAININGS + "/enroll"
DRAFT = ENROLL + "/{draft_id}"
STEPS = ("users", "trainings", "parameters", "review")

# Names that a page lists; the others are counted.
NAMED = 50


def draft_of(visit: Visit) -> EnrollDraft:
    """Raises NotFound."""
    return drafts.find(visit.org_scope, visit.params["draft_id"], visit.now)


def to_step(visit: Visit, step: str, **query: Any) -> GoTo:
    return GoTo(visit.address(f"/orgs/{visit.org_id}/trainings/enroll/{visit.params['draft_id']}/{step}", **query))


def results_path(visit: Visit, enroll_id: str) -> str:
    return f"/orgs/{visit.org_id}/trainings/enrolled/{enroll_id}"


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
        "states": {name: _state(form, name, step) for name in STEPS},
        "people": picked(visit.org_scope, form.member_ids[:NAMED], visit.now),
        "problem": error,
    }
    return Shown(f"trainings/enroll/{step}.html", {**common, **facts}, error.status if error else 200)


def is_done(form: EnrollDraftForm, step: str) -> bool:
    if step == "users":
        return form.has_people
    if step == "trainings":
        return bool(form.sessions)
    return step == "parameters" and (form.visible == "now" or bool(form.day))


def chosen(visit: Visit, form: EnrollDraftForm) -> tuple[list[tuple[str, SessionOut]], list[OverlapWarning]]:
    """Titles and sessions of what was chosen and is still there, and which of them are at the same time."""
    pairs = list(form.sessions.items())
    found = store.sessions_by_id(visit.org_id, pairs) if pairs else {}
    trainings = store.trainings_by_id(visit.org_id, [one for one, _ in pairs]) if pairs else {}
    there = [found[session_id] for training_id, session_id in pairs if session_id in found and training_id in trainings]
    named = [(str(trainings[one.training_id].title), sessions.out(one)) for one in there]
    return named, overlaps.among(there, trainings)


def _state(form: EnrollDraftForm, name: str, now: str) -> str:
    """A step can be opened once those before it hold."""
    if name == now:
        return "now"
    if not all(is_done(form, one) for one in STEPS[: STEPS.index(name)]):
        return "next"
    return "done" if is_done(form, name) else "open"
