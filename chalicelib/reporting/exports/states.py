"""Kinds and statuses of exports."""

from enum import StrEnum


class ExportKind(StrEnum):
    """The list that is exported."""

    DASHBOARD = "dashboard"
    BATCHES = "batches"
    LEARNERS = "learners"
    # What is stored about a member, or about an account: a ZIP.
    MEMBER = "member"
    ACCOUNT = "account"


# Of these only who asked for one gets the file.
PRIVATE = frozenset({ExportKind.MEMBER, ExportKind.ACCOUNT})


def ending_of(kind: str) -> str:
    """Of the name of the file."""
    return "zip" if kind in (ExportKind.MEMBER, ExportKind.ACCOUNT) else "csv"


class ExportStatus(StrEnum):
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"


class Code(StrEnum):
    """Why an export failed; sentences are in explanations.toml."""

    EXPORT_FAILED = "export_failed"
