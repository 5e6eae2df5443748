"""Readiness of a client, computed from its settings and never stored."""

from collections.abc import Collection

from chalicelib.tenants.organizations.models import Org
from chalicelib.tenants.organizations.states import Missing, Readiness

_WORDS = {Missing.TIME_ZONE: "time zone", Missing.COURSES: "courses", Missing.REPLY_TO: "reply-to address"}


def missing_of(org: Org) -> list[Missing]:
    """What this client lacks before training can be assigned, in the order in which admins are asked for it."""
    missing = [Missing.OPENING] if org.closed_at else []
    if not org.time_zone:
        missing.append(Missing.TIME_ZONE)
    if not org.num_entitled:
        missing.append(Missing.COURSES)
    if not org.reply_to:
        missing.append(Missing.REPLY_TO)
    return missing


def readiness_of(org: Org) -> Readiness:
    return Readiness.NOT_CONFIGURED if missing_of(org) else Readiness.READY


def not_ready(name: str, missing: Collection[Missing]) -> str:
    """A sentence about a client that lacks these."""
    if Missing.OPENING in missing:
        return f"{name} is closed, so nothing new can start there."
    return f"{name} is not ready for training. Missing: {', '.join(_WORDS[one] for one in missing)}."
