"""Readiness of a client, computed from its settings and never stored."""

from chalicelib.tenants.organizations.models import Org
from chalicelib.tenants.organizations.states import Missing, Readiness


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
