"""Enrolling, the last step: what will happen, the button, and what became of each person."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from chalicelib.core.clock import to_date
from chalicelib.core.errors import Conflict, FieldError, Invalid, MusterError
from chalicelib.core.ids import derived_id
from chalicelib.people.search.picked import picked
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.live import live
from chalicelib.portal.live_trainings.common import TRAININGS
from chalicelib.portal.live_trainings.enroll_common import DRAFT, draft_of, results_path, show, to_step
from chalicelib.portal.live_trainings.enroll_users import people_total, words_of
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.organizations.lookups import zone_in
from chalicelib.training.sessions.enrolling import enroll, enroll_results
from chalicelib.training.sessions.enrolling.drafts import service as drafts
from chalicelib.training.sessions.enrolling.drafts.choices import chosen, named
from chalicelib.training.sessions.enrolling.drafts.schemas import EnrollDraftForm
from chalicelib.training.sessions.enrolling.enroll_schemas import EnrollForm
from chalicelib.training.sessions.states import EnrollStatus

pages = Pages(Permission.TRAININGS)

_RESULTS = TRAININGS + "/enrolled/{enroll_id}"


@pages.get(DRAFT + "/review")
def review(visit: Visit) -> GoTo | Shown:
    return _page(visit, None)


@pages.post(DRAFT + "/enroll")
def enroll_people(visit: Visit) -> GoTo | Shown:
    """Under the draft's id: pressed twice, or sent again after a lost answer, it enrolls once."""
    draft = draft_of(visit)
    if draft.enroll_id is not None:
        return GoTo(visit.address(results_path(visit, draft.enroll_id)))
    if visit.form.one("revision") != str(int(draft.revision)):
        # Another tab has changed the draft since this page was made: it would enroll other than it showed.
        return to_step(visit, "review")
    form = drafts.form_of(draft)
    enroll_id = derived_id(draft.draft_id, visit.account_id)
    try:
        asked = visit.read(
            EnrollForm, {**form.people(), "items": _items(form), "visible_from": visible_from(visit, form)}
        )
        enroll.enroll(visit.org_scope, asked, enroll_id, visit.now)
    except (Invalid, Conflict) as error:
        return _page(visit, error)
    drafts.enrolled(visit.org_scope, form.kind, draft.draft_id, enroll_id, visit.now)
    return GoTo(visit.address(results_path(visit, enroll_id), done="enrolled"))


@pages.get(_RESULTS)
def results(visit: Visit) -> Shown:
    """A line for each person and training, so far."""
    found = enroll_results.page(visit.org_scope, visit.params["enroll_id"], visit.pager())
    people = picked(visit.org_scope, [one.member_id for one in found.items], visit.now)
    titles, sessions = named(visit.org_scope, found.items)
    facts = {
        "found": found,
        "people": {one.member_id: one for one in people},
        "titles": titles,
        "sessions": sessions,
        "is_later": found.visible_from > f"{visit.now:%Y-%m-%dT%H:%M:%S}",
        "live": live(visit, found.status == EnrollStatus.RUNNING),
        "is_first": not visit.query.one("cursor"),
        "done": visit.query.one("done"),
    }
    return Shown("trainings/enroll/results.html", facts)


def visible_from(visit: Visit, form: EnrollDraftForm) -> datetime | None:
    """None for now. Raises Invalid for a day or time that is none, or is past."""
    if form.visible == "now":
        return None
    try:
        local = datetime.combine(to_date(form.day), time.fromisoformat(form.time or "09:00"))
    except ValueError:
        raise Invalid(FieldError("day", "required", "Choose the day when people should first see it.")) from None
    zone: ZoneInfo = zone_in(visit.org_scope.msp_id, visit.org_id)
    at = local.replace(tzinfo=zone)
    if at <= visit.now:
        raise Invalid(FieldError("day", "in_the_past", "This time is in the past. Choose a later one, or now."))
    return at


def _items(form: EnrollDraftForm) -> list[dict[str, str]]:
    return [{"training_id": one, "session_id": session_id} for one, session_id in form.sessions.items()]


def _page(visit: Visit, error: MusterError | None) -> GoTo | Shown:
    draft = draft_of(visit)
    form, revision = drafts.form_of(draft), int(draft.revision)
    try:
        visible = visible_from(visit, form)
    except Invalid:
        return to_step(visit, "parameters")
    sessions, warnings = chosen(visit.org_scope, form)
    total = people_total(visit, form, revision)
    facts = {
        "chosen": sessions,
        "warnings": warnings,
        "total": total.number,
        "counted": f"{total.search_id}.{revision}" if total.search_id else "",
        "live": live(visit, total.number is None),
        "num_without_address": sum(one.email is None for one in total.known),
        "filter_words": words_of(visit, form),
        "visible": visible,
        "zone": str(zone_in(visit.org_scope.msp_id, visit.org_id)),
        "steps_of": {one.field: _step_of(one.field) for one in (error.errors if error else ())},
    }
    return show(visit, "review", facts, error)


def _step_of(field: str) -> str:
    if field.startswith("items"):
        return "trainings"
    return "parameters" if field.startswith("visible") else "users"
