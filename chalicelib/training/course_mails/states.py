"""Kinds of mails about courses; the texts of each are in notifications/mails."""

from enum import StrEnum


class CourseMail(StrEnum):
    ENROLLED = "enrolled"
    REMINDER = "reminder"
    DUE_IN_7_DAYS = "due_in_7_days"
    DUE_TOMORROW = "due_tomorrow"
    OVERDUE = "overdue"
    PART_FAILED = "part_failed"
