"""A client's batches, and one batch."""

from chalicelib.core.clock import to_instant
from chalicelib.core.errors import NotFound
from chalicelib.portal.answer import Shown
from chalicelib.portal.live import live
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.organizations.lookups import org_of
from chalicelib.tenants.organizations.readiness import missing_of
from chalicelib.training.batches import views
from chalicelib.training.batches.page_schemas import RowOut
from chalicelib.training.batches.states import CANCELABLE, RowStatus
from chalicelib.training.batches.store import BatchKey
from chalicelib.training.bulk_changes import undo as batch_undo
from chalicelib.training.bulk_changes.schemas import UndoOut

pages = Pages(Permission.ROLLOUTS)

CLIENT = "/msp/training/{org_id}"
BATCH = CLIENT + "/{batch_id}"
ROW = BATCH + "/courses/{course_id}"

CARDS = ("enrolled", "scheduled", "needs_access", "failed")


def batch_key(visit: Visit) -> BatchKey:
    """Raises NotFound for a client of another MSP."""
    msp_id = visit.msp_scope.msp_id
    org_of(msp_id, visit.org_id)
    return BatchKey(msp_id, visit.org_id, visit.params["batch_id"])


@pages.get(CLIENT)
def client(visit: Visit) -> Shown:
    shown = views.client(visit.msp_scope, visit.org_id, visit.pager())
    org = org_of(visit.msp_scope.msp_id, visit.org_id)
    facts = {"shown": shown, "zone": org.time_zone, "missing": missing_of(org), **first_of(visit)}
    return Shown("msp/client.html", facts)


@pages.get(BATCH)
def batch(visit: Visit) -> Shown:
    key = batch_key(visit)
    found = views.batch(visit.msp_scope, key.org_id, key.batch_id, visit.now)
    undone = undo_of(key, visit)
    is_running = any(_is_running(row, visit) for row in found.courses)
    is_running = is_running or (undone is not None and undone.status == "running")
    card = visit.query.one("show")
    rows = [row for row in found.courses if views.card_of(row.status) == card]
    facts = {
        "batch": found,
        # What a card counts. What nobody can choose is as if it were not there.
        "card": card if card in CARDS else "",
        "rows": rows if card in CARDS else found.courses,
        "org": org_of(key.msp_id, key.org_id),
        "undo": undone,
        "live": live(visit, is_running),
        "cancelable": {row.course_id for row in found.courses if row.status in CANCELABLE},
        "done": visit.query.one("done"),
        "count": visit.query.one("n"),
    }
    return Shown("msp/batch.html", facts)


def undo_of(key: BatchKey, visit: Visit) -> UndoOut | None:
    try:
        return batch_undo.state(visit.msp_scope, key, visit.now)
    except NotFound:
        return None


def first_of(visit: Visit) -> dict[str, object]:
    return {"is_first": not visit.query.one("cursor"), "now": visit.now}


def _is_running(row: RowOut, visit: Visit) -> bool:
    """Or its date has come, and its job is on the way."""
    has_come = row.status == RowStatus.SCHEDULED and to_instant(row.enroll_at) <= visit.now
    return has_come or row.status == RowStatus.ENROLLING
