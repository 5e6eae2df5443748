"""The lists that can be exported: the pages of the API, one after the other."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol

from chalicelib.core.csv_files import Cell, Sheet
from chalicelib.core.errors import NotFound
from chalicelib.reporting.exports.schemas import Selection
from chalicelib.reporting.exports.states import ExportKind
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.organizations.lookups import org_of
from chalicelib.training.batches import views as batches_views
from chalicelib.training.batches.create_rows import stored_or_planned_row
from chalicelib.training.batches.page_schemas import BatchItem
from chalicelib.training.batches.store import BatchKey
from chalicelib.training.certificates import org_certificates
from chalicelib.training.certificates.schemas import OrgCertificate, OrgCertificatesQuery
from chalicelib.training.progress import learners
from chalicelib.training.progress.schemas import LearnerOut
from chalicelib.training.rollouts import views
from chalicelib.training.rollouts.schemas import DashboardItem, StatusCounts
from chalicelib.training.sessions import participants
from chalicelib.training.sessions import store as sessions_store
from chalicelib.training.sessions.participant_schemas import ParticipantOut, ParticipantsQuery
from chalicelib.training.sessions.sessions import session_of
from chalicelib.training.sessions.trainings import training_of
from chalicelib.web.paging import Pager, Walk

_DASHBOARD = ("org_id", "name", "pending", "num_batches", "num_courses", "completed", "scheduled", "failed")

_PARTICIPANT = [field for field in ParticipantOut.model_fields if field != "mail"]

_NO_COUNTS = StatusCounts(completed=0, scheduled=0, failed=0)

# Larger pages than the API's: fewer reads, and still only one page in memory at a time.
_ROWS_AT_ONCE = 1000

# The most characters of each name in a file name: together they stay below the limits of file systems.
_MAX_NAME = 60


class _Page(Protocol):
    @property
    def items(self) -> Sequence[Any]: ...

    @property
    def next_cursor(self) -> str | None: ...


def name_of(msp_id: str, selection: Selection) -> str:
    """The name of the file, without date and ending. Raises NotFound when this MSP has no such list."""
    if selection.kind == ExportKind.DASHBOARD:
        return "dashboard"
    org = org_of(msp_id, selection.org_id)
    if selection.kind == ExportKind.BATCHES:
        return file_name_of("batches", org.name)
    if selection.kind == ExportKind.CERTIFICATES:
        return file_name_of("certificates", org.name)
    if selection.kind == ExportKind.PARTICIPANTS:
        title = training_of(selection.org_id, selection.training_id).title
        if selection.session_id:
            session_of(selection.org_id, selection.training_id, selection.session_id)
        return file_name_of("participants", org.name, title, selection.status or "")
    row = stored_or_planned_row(BatchKey(msp_id, selection.org_id, selection.batch_id), selection.course_id)
    if row is None:
        raise NotFound()
    return file_name_of("learners", org.name, row.title, selection.outcome or "")


def sheet(scope: Scope, selection: Selection, now: datetime) -> Sheet:
    """The list, read page by page while the sheet is written."""
    if selection.kind == ExportKind.DASHBOARD:
        clients = _all_items(lambda pager: views.dashboard(scope, pager))
        return Sheet(_DASHBOARD, (_dashboard_row(client) for client in clients))
    org_id, batch_id, course_id = selection.org_id, selection.batch_id, selection.course_id
    if selection.kind == ExportKind.BATCHES:
        batches = _all_items(lambda pager: batches_views.client(scope, org_id, pager))
        return _field_sheet(list(BatchItem.model_fields), batches)
    if selection.kind == ExportKind.CERTIFICATES:
        everything = OrgCertificatesQuery()
        issued = _all_items(lambda pager: org_certificates.page(scope, everything, pager, now))
        return _field_sheet(list(OrgCertificate.model_fields), issued)
    if selection.kind == ExportKind.PARTICIPANTS:
        return _participants_sheet(scope, selection)
    found = _all_items(lambda pager: learners.of_row(scope, org_id, batch_id, course_id, selection.outcome, pager, now))
    return _field_sheet(list(LearnerOut.model_fields), found)


def _participants_sheet(scope: Scope, selection: Selection) -> Sheet:
    """The list's fields, with the local start of each session, and of the mail its state and the reason."""
    query = ParticipantsQuery(session_id=selection.session_id, status=selection.status)
    found = _all_items(lambda pager: participants.page(scope, selection.training_id, query, pager))
    sessions = {one.session_id: one for one in sessions_store.sessions(scope.org, selection.training_id)}

    def row(item: ParticipantOut) -> list[Cell]:
        session, mail = sessions.get(item.session_id), item.mail
        start = (session.starts_at, session.time_zone) if session else (None, None)
        own = [getattr(item, field) for field in _PARTICIPANT]
        return [*start, *own, mail.state if mail else None, mail.reason if mail else None]

    headings = ["starts_at", "time_zone", *_PARTICIPANT, "mail_state", "mail_reason"]
    return Sheet(headings, (row(item) for item in found))


def file_name_of(*names: str) -> str:
    """The names in lower-case ASCII letters; characters without any, such as Chinese ones, are left out."""
    plain = (unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower() for name in names)
    words = (re.sub(r"[^a-z0-9]+", "-", name)[:_MAX_NAME].strip("-") for name in plain)
    return "-".join(word for word in words if word)


def _all_items(page_at: Callable[[Pager], _Page]) -> Iterator[Any]:
    cursor: str | None = None
    while True:
        page = page_at(Walk(_ROWS_AT_ONCE, cursor))
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def _field_sheet(fields: Sequence[str], items: Iterator[Any]) -> Sheet:
    """A column for each field of the list's items, under the same name."""
    return Sheet(fields, ([getattr(item, field) for field in fields] for item in items))


def _dashboard_row(client: DashboardItem) -> list[Cell]:
    counts = client.status if isinstance(client.status, StatusCounts) else _NO_COUNTS
    numbers = (client.num_batches, client.num_courses, counts.completed, counts.scheduled, counts.failed)
    return [client.org_id, client.name, client.status == "pending", *numbers]
