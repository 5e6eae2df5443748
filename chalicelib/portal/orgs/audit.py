"""The audit trail: filtered by what, who and when; whether it is intact; and the evidence pack."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.core.clock import to_date
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.orgs import choices
from chalicelib.portal.orgs.activity import export_page
from chalicelib.portal.orgs.audit_targets import changes_of, names_in, target_of
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.reporting.exports.schemas import ExportOut, Selection
from chalicelib.reporting.exports.states import ExportKind
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.admins import service as admins
from chalicelib.tenants.admins.names import names_of
from chalicelib.tenants.audit import trail
from chalicelib.tenants.audit.schemas import AuditQuery, is_in_our_days
from chalicelib.tenants.organizations.lookups import zone_in
from chalicelib.web.idempotency import idempotent

pages = Pages(Permission.AUDIT)

_AUDIT = "/orgs/{org_id}/audit"

# By the start of an action: what the filter calls it.
KINDS = (
    ("admin", "Admins"), ("role", "Roles"), ("email", "Addresses of people and admins"), ("organization", "Settings"),
    ("join_page", "Join page"), ("group", "Groups"), ("department", "Departments"), ("location", "Locations"),
    ("filter", "Saved searches"), ("members", "Inviting, and many people at once"), ("member", "People"),
    ("invitation", "Invitations"), ("import", "Uploads"), ("batch", "Courses: batches"),
    ("course", "Courses: dates, reminders, retries"), ("courses", "Courses: cancelled"),
    ("enrollment", "Courses: one person"), ("progress", "Courses: progress accepted"), ("training", "Live trainings"),
    ("trainings", "Live trainings: enrolling"), ("session", "Live trainings: sessions"),
    ("participant", "Live trainings: one person"), ("attendance", "Live trainings: attendance"),
    ("results", "Live trainings: results"), ("certificate", "Certificates"), ("training_access", "Access to courses"),
)  # fmt: skip


@pages.get(_AUDIT)
def show(visit: Visit) -> Shown:
    scope = visit.org_scope
    zone = zone_in(scope.msp_id, scope.org)
    typed = {name: visit.query.one(name)[:100] for name in ("kind", "actor", "from", "to")}
    given: dict[str, Any] = {name: typed[name] for name in ("kind", "actor") if typed[name]}
    for name, field, days in (("from", "since", 0), ("to", "until", 1)):
        start = _start_of(typed[name], zone, days)
        if start is None:
            typed[name] = ""
        else:
            given[field] = start
    query = visit.read(AuditQuery, given)
    shown = trail.page(scope, query, visit.pager(query))
    own = choices.every(lambda pager: admins.page(scope, pager))
    people = [(one.account_id, one.email) for one in own]
    if typed["actor"] and typed["actor"] not in dict(people):
        people.append((typed["actor"], names_of(scope, [typed["actor"]])[typed["actor"]]))
    names = names_in(visit, shown.items, dict(people))
    facts = {
        "shown": shown,
        "rows": [
            (one, target_of(one, names, scope.permissions), changes_of(one, names, str(zone))) for one in shown.items
        ],
        "typed": typed,
        "kinds": KINDS,
        "people": people,
        "names": names_of(scope, [one.actor for one in shown.items]),
        "zone": str(zone),
        "is_first": not visit.query.one("cursor"),
    }
    return Shown("orgs/audit.html", facts)


@pages.get(_AUDIT + "/verify")
def verify(visit: Visit) -> Shown:
    scope = visit.org_scope
    facts = {"found": trail.verify(scope), "at": visit.now.astimezone(UTC)}
    return Shown("orgs/verified.html", {**facts, "zone": str(zone_in(scope.msp_id, scope.org))})


@pages.post(_AUDIT + "/pack")
def start_pack(visit: Visit) -> GoTo:
    from chalicelib.reporting.exports import service as exports

    scope = visit.org_scope
    selection = Selection(kind=ExportKind.EVIDENCE, org_id=scope.org)
    made = idempotent(visit.call(), ExportOut, lambda seed: exports.start(scope, selection, seed, visit.now))
    return GoTo(visit.address(f"/orgs/{visit.org_id}/audit/packs/{made.export_id}"))


@pages.get(_AUDIT + "/packs/{pack_id}")
def show_pack(visit: Visit) -> Shown:
    """Only for who asked for it."""
    return export_page(visit, visit.params["pack_id"])


def _start_of(text: str, zone: ZoneInfo, days: int) -> datetime | None:
    """When the day begins, or one so many days later. None for what is no day of ours: a filter by it is none."""
    try:
        day = datetime.combine(to_date(text), time(), zone)
    except ValueError:
        return None
    return day + timedelta(days=days) if day.year < 3000 and is_in_our_days(day) else None
