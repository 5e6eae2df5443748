"""Requests and answers of exports."""

from datetime import date

from pydantic import ConfigDict, Field

from chalicelib.core.lazy import BaseModel
from chalicelib.core.text import Id
from chalicelib.reporting.exports.states import ExportKind, ExportStatus
from chalicelib.reporting.reports.states import ReportKind
from chalicelib.training.batches.states import Outcome
from chalicelib.training.sessions.states import ParticipantStatus
from chalicelib.web.schemas import Form


class Selection(BaseModel):
    """Which list: its kind, and what its path and its filter name."""

    model_config = ConfigDict(frozen=True)

    kind: ExportKind
    org_id: str = ""
    batch_id: str = ""
    course_id: str = ""
    member_id: str = ""
    account_id: str = ""
    outcome: Outcome | None = None
    training_id: str = ""
    session_id: str | None = None
    status: ParticipantStatus | None = None
    # Of a report: which of its numbers, by the name of their files, and the period.
    report: ReportKind | None = None
    files_id: str = ""
    first_day: date | None = None
    last_day: date | None = None


class ParticipantsFilter(Form):
    session_id: Id | None = None
    status: ParticipantStatus | None = None


class LearnersFilter(Form):
    outcome: Outcome | None = Field(None, description="Only those with this outcome.")


class ExportOut(BaseModel):
    export_id: str
    kind: ExportKind
    status: ExportStatus
    num_rows: int | None = Field(None, description="Without the lines of headings; known when ready.")
    created_at: str
    expires_at: str = Field(description="When the file goes, and the export with it.")
    url: str | None = Field(None, description="When ready: the file, for 15 minutes from this answer.")
    code: str | None = None
    explanation: str | None = None


class ExportPage(BaseModel):
    """Without links: each is read for one. A page can be short, or empty, and still have a next one."""

    items: list[ExportOut]
    next_cursor: str | None
