"""Statuses of sessions and participants, sets of them named by what they permit, and codes of results."""

from enum import StrEnum


class SessionStatus(StrEnum):
    OPEN = "open"
    CANCELLED = "cancelled"


class ParticipantStatus(StrEnum):
    WAITING = "waiting"
    INVITED = "invited"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    ATTENDED = "attended"
    ABSENT = "absent"
    CANCELLED = "cancelled"


# They hold a place.
SEATED = frozenset(
    {ParticipantStatus.INVITED, ParticipantStatus.CONFIRMED, ParticipantStatus.ATTENDED, ParticipantStatus.ABSENT}
)

# They are told of the session's changes, and may still answer.
EXPECTED = frozenset({ParticipantStatus.INVITED, ParticipantStatus.CONFIRMED})


class AnsweredBy(StrEnum):
    PAGE = "page"
    ACCOUNT = "account"
    CALENDAR = "calendar"


class EnrollStatus(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class EnrollOutcome(StrEnum):
    """What a request did about one person and one training."""

    INVITED = "invited"
    WAITING = "waiting"
    ALREADY_PARTICIPANT = "already_participant"
    FAILED = "failed"


class Code(StrEnum):
    """Outcomes, and why somebody failed; the sentences are in explanations.toml."""

    INVITED = "invited"
    WAITING = "waiting"
    ALREADY_PARTICIPANT = "already_participant"
    UNKNOWN_MEMBER = "unknown_member"
    NOT_ACTIVE = "not_active"
    NOT_YOURS = "not_yours"
    SESSION_FULL = "session_full"
    SESSION_CANCELLED = "session_cancelled"
    SESSION_STARTED = "session_started"
    PROCESSING_FAILED = "processing_failed"
    TOO_MANY_PEOPLE = "too_many_people"


_OUTCOMES = frozenset(EnrollOutcome)


def outcome_of(code: str) -> EnrollOutcome:
    return EnrollOutcome(code) if code in _OUTCOMES else EnrollOutcome.FAILED


class TrainingMail(StrEnum):
    INVITED = "training_invited"
    CHANGED = "training_changed"
    WAITING = "training_waiting"
    CANCELLED = "training_cancelled"
    TOMORROW = "training_tomorrow"
    SOON = "training_soon"


# How long before the start, in minutes.
MINUTES_BY_REMINDER = {TrainingMail.TOMORROW: 24 * 60, TrainingMail.SOON: 60}
