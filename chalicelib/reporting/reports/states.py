"""What a report is about, and its states."""

from enum import StrEnum


class ReportKind(StrEnum):
    """What a line of the report is about."""

    COURSES = "courses"
    TRAININGS = "trainings"
    SESSIONS = "sessions"
    DEPARTMENTS = "departments"
    CLIENTS = "clients"


KINDS_OF_ORG = (ReportKind.COURSES, ReportKind.TRAININGS, ReportKind.SESSIONS, ReportKind.DEPARTMENTS)
KINDS_OF_MSP = (ReportKind.COURSES, ReportKind.CLIENTS)


class ReportStatus(StrEnum):
    """`counting`: newer numbers are being counted; those that are shown are the latest before, if there are any."""

    READY = "ready"
    COUNTING = "counting"
    FAILED = "failed"


class SeriesStep(StrEnum):
    """How long a time each point of a series stands for."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class Code(StrEnum):
    """Why a report failed; the sentences are in explanations.toml."""

    REPORT_FAILED = "report_failed"
