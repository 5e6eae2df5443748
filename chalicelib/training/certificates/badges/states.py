"""What becomes of a badge that was asked for."""

from enum import StrEnum


class BadgeStatus(StrEnum):
    """`waiting`: it takes longer than it should; it is tried again all the time."""

    READY = "ready"
    BEING_MADE = "being_made"
    WAITING = "waiting"
