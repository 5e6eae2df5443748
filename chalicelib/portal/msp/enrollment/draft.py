"""What the five steps share: the draft of the address, the list of steps, and which of them are done."""

from typing import Any

from chalicelib.core.errors import MusterError
from chalicelib.core.text import searchable
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.visit import Visit
from chalicelib.tenants.organizations import service as organizations
from chalicelib.tenants.organizations.schemas import ClientOut, OrgQuery
from chalicelib.training.rollouts.drafts import service as drafts
from chalicelib.training.rollouts.drafts.models import Draft
from chalicelib.training.rollouts.drafts.schemas import DraftForm
from chalicelib.web.paging import every_item

DRAFT = "/msp/training/enrollment/{draft_id}"
STEPS = ("clients", "courses", "recipients", "schedule", "review")

# Half a MB of clients: one query.
_AT_ONCE = 1000


def draft_of(visit: Visit) -> Draft:
    """Raises NotFound."""
    return drafts.find(visit.msp_scope, visit.params["draft_id"], visit.now)


def step_path(visit: Visit, step: str) -> str:
    return f"/msp/training/enrollment/{visit.params['draft_id']}/{step}"


def to_step(visit: Visit, step: str, **query: Any) -> GoTo:
    return GoTo(visit.address(step_path(visit, step), **query))


def if_launched(visit: Visit, draft: Draft) -> GoTo | None:
    """A draft that was launched is a rollout."""
    if draft.rollout_id is None:
        return None
    return GoTo(visit.address(f"/msp/rollouts/{draft.rollout_id}", done="launched"))


def show(visit: Visit, step: str, facts: dict[str, Any], error: MusterError | None = None) -> GoTo | Shown:
    """The step's page, or the rollout that the draft has become."""
    draft = draft_of(visit)
    if (gone := if_launched(visit, draft)) is not None:
        return gone
    form = drafts.form_of(draft)
    common = {
        "draft": draft,
        "form": form,
        "step": step,
        "states": {name: _state(form, name, step) for name in STEPS},
        "problem": error,
    }
    return Shown(f"msp/enrollment/{step}.html", {**common, **facts}, error.status if error else 200)


def every_client(visit: Visit) -> list[ClientOut]:
    """Those that are open, by name."""
    clients = every_item(lambda pager: organizations.page(visit.msp_scope, OrgQuery(), pager), _AT_ONCE)
    return sorted((one for one in clients if one.closed_at is None), key=lambda one: searchable(one.name))


def first_open(draft: Draft) -> str:
    """The step to go on with."""
    form = drafts.form_of(draft)
    return next((step for step in STEPS if not is_done(form, step)), "review")


def is_done(form: DraftForm, step: str) -> bool:
    if step == "clients":
        return bool(form.org_ids)
    if step == "courses":
        return bool(form.course_ids)
    if step == "recipients":
        return form.mode == "all" or bool(form.group_names if form.mode == "group_names" else form.group_ids)
    return step == "schedule" and (form.preset != "monthly_stagger" or bool(form.start_on))


def _state(form: DraftForm, step: str, now: str) -> str:
    """A step can be opened once those before it hold. One that nobody has seen is not done, though it may stay so."""
    if step == now:
        return "now"
    before = STEPS[: STEPS.index(step)]
    if not all(is_done(form, one) for one in before):
        return "next"
    is_seen = step in ("clients", "courses") or step in STEPS[: STEPS.index(now)]
    return "done" if is_seen and is_done(form, step) else "open"
