"""What can be exported: lists, which are the pages of the API one after the other, and archives of several files."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from chalicelib.core.csv_files import Cell, Sheet
from chalicelib.core.errors import NotFound
from chalicelib.reporting.exports import reports
from chalicelib.reporting.exports.lists import all_items, field_sheet
from chalicelib.reporting.exports.schemas import Selection
from chalicelib.reporting.exports.states import ExportKind
from chalicelib.reporting.personal_data import collected as personal_data
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.organizations.lookups import org_of
from chalicelib.training.batches import views as batches_views
from chalicelib.training.batches.create_rows import stored_or_planned_row
from chalicelib.training.batches.page_schemas import BatchItem
from chalicelib.training.batches.store import BatchKey
from chalicelib.training.certificates import org_certificates
from chalicelib.training.certificates.schemas import OrgCertificate, OrgCertificatesQuery
from chalicelib.training.progress import learners
from chalicelib.training.progress.schemas import LearnerOut, LearnersQuery
from chalicelib.training.rollouts import dashboard
from chalicelib.training.rollouts.schemas import DashboardItem, DashboardQuery, StatusCounts
from chalicelib.training.sessions import participants
from chalicelib.training.sessions import store as sessions_store
from chalicelib.training.sessions.participant_schemas import ParticipantOut, ParticipantsQuery
from chalicelib.training.sessions.sessions import session_of
from chalicelib.training.sessions.trainings import training_of

_DASHBOARD = ("org_id", "name", "pending", "num_batches", "num_courses", "completed", "scheduled", "failed")

_PARTICIPANT = [field for field in ParticipantOut.model_fields if field != "mail"]

_NO_COUNTS = StatusCounts(completed=0, scheduled=0, failed=0)

# The most characters of each name in a file name: together they stay below the limits of file systems.
_MAX_NAME = 60


class Content(Protocol):
    """A file piece by piece; `num_rows` is known once all were given."""

    num_rows: int
    content_type: str

    def pieces(self) -> Iterator[bytes]: ...


def name_of(msp_id: str, selection: Selection) -> str:
    """The name of the file, without date and ending. Raises NotFound when this MSP has no such list."""
    if selection.kind == ExportKind.DASHBOARD:
        return "dashboard"
    if selection.kind == ExportKind.REPORT:
        names = [org_of(msp_id, selection.org_id).name] if selection.org_id else []
        return file_name_of(f"report-{selection.report}", *names)
    org = org_of(msp_id, selection.org_id)
    if selection.kind == ExportKind.MEMBER:
        return file_name_of("personal-data", org.name)
    if selection.kind == ExportKind.EVIDENCE:
        return file_name_of("evidence", org.name)
    if selection.kind == ExportKind.BATCHES:
        return file_name_of("batches", org.name)
    if selection.kind == ExportKind.PARTICIPANTS:
        title = training_of(selection.org_id, selection.training_id).title
        if selection.session_id:
            session_of(selection.org_id, selection.training_id, selection.session_id)
        return file_name_of("participants", org.name, title, selection.status or "")
    if selection.kind == ExportKind.CERTIFICATES:
        return file_name_of("certificates", org.name)
    row = stored_or_planned_row(BatchKey(msp_id, selection.org_id, selection.batch_id), selection.course_id)
    if row is None:
        raise NotFound()
    return file_name_of("learners", org.name, row.title, selection.outcome or "")


def content(scope: Scope, selection: Selection, now: datetime) -> Content:
    if selection.kind == ExportKind.MEMBER:
        return personal_data.of_member(scope, selection.member_id, now)
    if selection.kind == ExportKind.ACCOUNT:
        return personal_data.of_account(selection.account_id, now)
    return sheet(scope, selection, now)


def sheet(scope: Scope, selection: Selection, now: datetime) -> Sheet:
    """The list, read page by page while the sheet is written."""
    if selection.kind == ExportKind.DASHBOARD:
        clients = all_items(lambda pager: dashboard.dashboard(scope, DashboardQuery(), pager))
        return Sheet(_DASHBOARD, (_dashboard_row(client) for client in clients))
    if selection.kind == ExportKind.REPORT:
        return reports.sheet(scope, selection)
    org_id, batch_id, course_id = selection.org_id, selection.batch_id, selection.course_id
    if selection.kind == ExportKind.BATCHES:
        batches = all_items(lambda pager: batches_views.client(scope, org_id, pager))
        return field_sheet(list(BatchItem.model_fields), batches)
    if selection.kind == ExportKind.PARTICIPANTS:
        return _participants_sheet(scope, selection)
    if selection.kind == ExportKind.CERTIFICATES:
        everything = OrgCertificatesQuery()
        issued = all_items(lambda pager: org_certificates.page(scope, everything, pager, now))
        return field_sheet(list(OrgCertificate.model_fields), issued)
    query = LearnersQuery(outcome=selection.outcome)
    found = all_items(lambda pager: learners.of_row(scope, org_id, batch_id, course_id, query, pager, now))
    return field_sheet(list(LearnerOut.model_fields), found)


def _participants_sheet(scope: Scope, selection: Selection) -> Sheet:
    """The list's fields, with the local start of each session, and of the mail its state and the reason."""
    query = ParticipantsQuery(session_id=selection.session_id, status=selection.status)
    found = all_items(lambda pager: participants.page(scope, selection.training_id, query, pager))
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


def _dashboard_row(client: DashboardItem) -> list[Cell]:
    counts = client.status if isinstance(client.status, StatusCounts) else _NO_COUNTS
    numbers = (client.num_batches, client.num_courses, counts.completed, counts.scheduled, counts.failed)
    return [client.org_id, client.name, client.status == "pending", *numbers]
