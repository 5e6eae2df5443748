"""The batches of an organization, one batch, and the learners of one of its courses."""

from chalicelib.core.clock import to_instant
from chalicelib.core.errors import Forbidden, NotFound
from chalicelib.portal.answer import Shown
from chalicelib.portal.live import live
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.organizations.lookups import zone_in
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches import views, visibility
from chalicelib.training.batches.page_schemas import BatchOut, RowOut
from chalicelib.training.batches.states import CANCELABLE, Outcome, RowStatus
from chalicelib.training.batches.store import BatchKey
from chalicelib.training.batches.visibility import batch_of, changeable
from chalicelib.training.bulk_changes import undo as batch_undo
from chalicelib.training.bulk_changes.schemas import UndoOut
from chalicelib.training.progress import learners
from chalicelib.training.progress.schemas import LearnersQuery

pages = Pages(Permission.TRAINING_READ)

BATCH = "/orgs/{org_id}/training/{batch_id}"
ROW = BATCH + "/courses/{course_id}"


@pages.get("/orgs/{org_id}/training")
def batches(visit: Visit) -> Shown:
    scope = visit.org_scope
    facts = {
        "shown": views.client(scope, scope.org, visit.pager()),
        "is_first": not visit.query.one("cursor"),
    }
    return Shown("org_training/batches.html", facts)


@pages.get(BATCH)
def batch(visit: Visit) -> Shown:
    key = batch_of(visit.org_scope, visit.params["batch_id"])
    found, undone = batch_at(visit, key), _undo_of(visit, key)
    is_running = any(_is_running(row, visit) for row in found.courses)
    facts = {
        "batch": found,
        "undo": undone,
        "live": live(visit, is_running or (undone is not None and undone.status == "running")),
        "zone": str(zone_in(key.msp_id, key.org_id)),
        "may_change": _may_change(visit.org_scope, visit.params["batch_id"]),
        "cancelable": {row.course_id for row in found.courses if row.status in CANCELABLE},
        "too_many": any(row.num_enrolled is None for row in found.courses),
        "most_counted": visibility.MAX_COUNTED,
        "done": visit.query.one("done"),
    }
    return Shown("org_training/batch.html", facts)


@pages.get(ROW)
def learners_page(visit: Visit) -> Shown:
    key = batch_of(visit.org_scope, visit.params["batch_id"])
    found, row = row_at(visit, key)
    told = visit.query.one("outcome")
    outcome = Outcome(told) if told in set(Outcome) else None
    query = LearnersQuery(outcome=outcome)
    facts = {
        "batch": found,
        "row": row,
        "zone": str(zone_in(key.msp_id, key.org_id)),
        "shown": learners.of_row(
            visit.org_scope, key.org_id, key.batch_id, row.course_id, query, visit.pager(query), visit.now
        ),
        "outcome": outcome,
        "outcomes": list(Outcome),
        "is_first": not visit.query.one("cursor"),
    }  # fmt: skip
    return Shown("org_training/learners.html", facts)


def batch_at(visit: Visit, key: BatchKey) -> BatchOut:
    return views.batch(visit.org_scope, key.org_id, key.batch_id, visit.now)


def row_at(visit: Visit, key: BatchKey) -> tuple[BatchOut, RowOut]:
    """The course alone may be counted where all courses of the batch together are too many. Raises NotFound."""
    found = batch_at(visit, key)
    row = next((row for row in found.courses if row.course_id == visit.params["course_id"]), None)
    if row is None:
        raise NotFound()
    if row.num_enrolled is None and len(found.courses) > 1:
        alone = batch_store.row(key, row.course_id)
        if alone is not None:
            row = views.row_out(visit.org_scope, key, alone, zone_in(key.msp_id, key.org_id), visit.now)
    return found, row


def _may_change(scope: Scope, batch_id: str) -> bool:
    if Permission.TRAINING not in scope.permissions:
        return False
    try:
        changeable(scope, batch_id)
    except Forbidden:
        return False
    return True


def _undo_of(visit: Visit, key: BatchKey) -> UndoOut | None:
    try:
        return batch_undo.state(visit.org_scope, key, visit.now)
    except NotFound:
        return None


def _is_running(row: RowOut, visit: Visit) -> bool:
    """Or its date has come, and its job is on the way."""
    has_come = row.status == RowStatus.SCHEDULED and to_instant(row.enroll_at) <= visit.now
    return has_come or row.status == RowStatus.ENROLLING
