"""Kinds and statuses of exports."""

from enum import StrEnum


class ExportKind(StrEnum):
    """The list that is exported."""

    DASHBOARD = "dashboard"
    BATCHES = "batches"
    LEARNERS = "learners"
    CERTIFICATES = "certificates"
    PARTICIPANTS = "participants"


class ExportStatus(StrEnum):
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"


class Code(StrEnum):
    """Why an export failed; sentences are in explanations.toml."""

    EXPORT_FAILED = "export_failed"
