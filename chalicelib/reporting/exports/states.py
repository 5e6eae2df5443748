"""Kinds and statuses of exports."""

from enum import StrEnum


class ExportKind(StrEnum):
    """The list that is exported."""

    DASHBOARD = "dashboard"
    BATCHES = "batches"
    LEARNERS = "learners"
    PARTICIPANTS = "participants"
    CERTIFICATES = "certificates"
    REPORT = "report"
    # What is stored about a member, or about an account: a ZIP.
    MEMBER = "member"
    ACCOUNT = "account"
    # A client's evidence pack: a ZIP.
    EVIDENCE = "evidence"


# Of these only who asked for one gets the file.
PRIVATE = frozenset({ExportKind.MEMBER, ExportKind.ACCOUNT, ExportKind.EVIDENCE})


ENDINGS = ("csv", "zip")


def ending_of(kind: str) -> str:
    """Of the name of the file."""
    return ENDINGS[kind in PRIVATE]


class ExportStatus(StrEnum):
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"


class Code(StrEnum):
    """Why an export failed; sentences are in explanations.toml."""

    EXPORT_FAILED = "export_failed"
