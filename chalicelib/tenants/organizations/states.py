"""Readiness of a client, and what may still be missing."""

from enum import StrEnum


class Readiness(StrEnum):
    READY = "ready"
    NOT_CONFIGURED = "not_configured"


class Missing(StrEnum):
    """What a client lacks before training can be assigned to it."""

    TIME_ZONE = "time_zone"
    COURSES = "courses"
    REPLY_TO = "reply_to"
    # It was closed: nothing new starts until its MSP opens it again.
    OPENING = "opening"


class Subscription(StrEnum):
    ACTIVE = "active"
    NONE = "none"
