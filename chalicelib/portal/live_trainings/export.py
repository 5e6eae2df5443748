"""Who is in a training, with attendance and results, as a CSV file."""

from chalicelib.core.errors import NotFound
from chalicelib.portal.answer import GoTo, Shown, ToFile
from chalicelib.portal.live import live
from chalicelib.portal.live_trainings.common import TRAINING, training_of, training_path
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.reporting.exports import service as exports
from chalicelib.reporting.exports.schemas import ExportOut, ParticipantsFilter, Selection
from chalicelib.reporting.exports.states import ExportKind, ExportStatus
from chalicelib.tenants.access.states import Permission
from chalicelib.web.idempotency import idempotent

pages = Pages(Permission.TRAINING_READ)

_EXPORT = TRAINING + "/export/{csv_id}"


@pages.post(TRAINING + "/export")
def ask(visit: Visit) -> GoTo:
    """Of one session or all, and of one answer or all."""
    given = {name: visit.form.one(name) or None for name in ("session_id", "status")}
    chosen = visit.read(ParticipantsFilter, given)
    ids = {"org_id": visit.org_id, "training_id": visit.params["training_id"]}
    selection = Selection(kind=ExportKind.PARTICIPANTS, session_id=chosen.session_id, status=chosen.status, **ids)
    made = idempotent(visit.call(), ExportOut, lambda seed: exports.start(visit.org_scope, selection, seed, visit.now))
    return GoTo(visit.address(training_path(visit, "export", made.export_id)))


@pages.get(_EXPORT)
def export(visit: Visit) -> Shown:
    found = _found(visit)
    facts = {"training": training_of(visit), "export": found, "live": live(visit, found.status == ExportStatus.RUNNING)}
    return Shown("trainings/export.html", facts)


@pages.get(_EXPORT + "/file")
def export_file(visit: Visit) -> GoTo:
    """To the file, or to the page that waits for it."""
    found = _found(visit)
    return ToFile(found.url) if found.url else GoTo(visit.address(training_path(visit, "export", found.export_id)))


def _found(visit: Visit) -> ExportOut:
    found = exports.find(visit.org_scope, visit.params["csv_id"], visit.now)
    if found.kind != ExportKind.PARTICIPANTS:
        raise NotFound("There is no such export")
    return found
