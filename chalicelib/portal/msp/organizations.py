"""Clients: their list, adding one, its settings, and what training it has access to."""

from dataclasses import replace
from typing import Any

from chalicelib.core.errors import Conflict, FieldError, Invalid, MusterError
from chalicelib.core.text import searchable
from chalicelib.portal import choosing
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.msp.training import first_of
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Fields, Visit
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.courses import service as courses
from chalicelib.tenants.courses.schemas import CourseOut, CourseQuery
from chalicelib.tenants.organizations import service as organizations
from chalicelib.tenants.organizations.schemas import (
    ClientOut,
    OrgCreate,
    OrgPatch,
    OrgQuery,
    TrainingAccess,
    zone_names,
)
from chalicelib.tenants.organizations.states import Readiness, Subscription
from chalicelib.web.idempotency import idempotent
from chalicelib.web.paging import every_item

pages = Pages(Permission.CLIENTS)

_CLIENT = "/msp/organizations/{org_id}"
_SEATS = "seats_"
# Less than a MB of courses: one query.
_AT_ONCE = 500


@pages.get("/msp/organizations")
def clients(visit: Visit) -> Shown:
    told, search = visit.query.one("readiness"), visit.query.one("search")[:200]
    readiness = Readiness(told) if told in set(Readiness) else None
    query = OrgQuery(search=search or None, readiness=readiness)
    shown = organizations.page(visit.msp_scope, query, visit.pager(query))
    facts = {"shown": shown, "search": search, "readiness": readiness or "", **first_of(visit)}
    return Shown("msp/organizations.html", facts)


@pages.get("/msp/organizations/new")
def show_new(visit: Visit) -> Shown:
    return _new_form(visit, None)


@pages.post("/msp/organizations/new")
def create(visit: Visit) -> GoTo | Shown:
    given: dict[str, Any] = {name: visit.form.one(name).strip() for name in ("name", "time_zone")}
    try:
        form = visit.read(OrgCreate, {**given, "same_name": visit.form.one("same_name") == "yes"})
        made = idempotent(
            visit.call(), ClientOut, lambda seed: organizations.create(visit.msp_scope, form, seed, visit.now)
        )
    except (Invalid, Conflict) as error:
        return _new_form(visit, error)
    return _to(visit, made.org_id, "created")


@pages.get(_CLIENT)
def client(visit: Visit) -> Shown:
    return _client_form(visit, None)


@pages.post(_CLIENT)
def change(visit: Visit) -> GoTo | Shown:
    names = [name for name in ("name", "time_zone", "subscription") if name in visit.form]
    try:
        given = {name: visit.form.one(name).strip() for name in names}
        patch = visit.read(OrgPatch, {**given, "same_name": visit.form.one("same_name") == "yes"})
        organizations.change_client(_scope(visit), patch, visit.now)
    except (Invalid, Conflict) as error:
        return _client_form(visit, error)
    return _to(visit, visit.org_id, "saved")


@pages.get(_CLIENT + "/access")
def access(visit: Visit) -> Shown:
    return _access_form(visit, None)


@pages.post(_CLIENT + "/access")
def provision(visit: Visit) -> GoTo | Shown:
    """Searching and turning the page save nothing: what was chosen goes along in the form."""
    course_ids = list(dict.fromkeys(visit.form.many("course_id")))
    if choosing.where(visit):
        return _access_form(visit, None)
    seats = {one: text for one in course_ids if (text := visit.form.one(f"seats_{one}").strip())}
    numbers = {one: int(text) if text.isdecimal() and len(text) < 9 else text for one, text in seats.items()}
    given = {"course_ids": course_ids, "reply_to": visit.form.one("reply_to").strip(), "seats": numbers}
    try:
        organizations.provision(_scope(visit), visit.read(TrainingAccess, given), visit.now)
    except Invalid as error:
        return _access_form(visit, _at_courses(visit, error))
    return _to(visit, visit.org_id, "provisioned")


@pages.get(_CLIENT + "/close")
def ask_close(visit: Visit) -> Shown:
    return Shown("msp/close.html", {"client": organizations.settings(_scope(visit))})


@pages.post(_CLIENT + "/close")
def close(visit: Visit) -> GoTo:
    organizations.close(_scope(visit), visit.now)
    return _to(visit, visit.org_id, "closed")


@pages.post(_CLIENT + "/open")
def open_again(visit: Visit) -> GoTo:
    organizations.open_again(_scope(visit), visit.now)
    return _to(visit, visit.org_id, "opened")


def _typed_seats(typed: Fields) -> dict[str, str]:
    return {name.removeprefix(_SEATS): text for name, text in typed.pairs if name.startswith(_SEATS)}


def _at_courses(visit: Visit, error: Invalid) -> Invalid:
    """Errors of seats are at the field of their course, and name it: it may be on another page of the list."""
    errors = list(error.errors)
    titles = {course.course_id: course.title for course in every_course(visit.msp_scope)}
    for index, one in enumerate(errors):
        name, _, course_id = one.field.partition(".")
        if name == "seats" and course_id:
            errors[index] = FieldError(_SEATS + course_id, one.code, f"{titles.get(course_id, 'Seats')}: {one.message}")
    return Invalid(*errors)


def every_course(scope: Scope) -> list[CourseOut]:
    """By title."""
    found = every_item(lambda pager: courses.page(scope, CourseQuery(), pager), _AT_ONCE)
    return sorted(found, key=lambda one: searchable(one.title))


def _scope(visit: Visit) -> Scope:
    """The client of the address. Whether it is one of this MSP's shows when it is read under its key."""
    return replace(visit.msp_scope, org_id=visit.org_id)


def _to(visit: Visit, org_id: str, done: str) -> GoTo:
    return GoTo(visit.address(f"/msp/organizations/{org_id}", done=done))


def _new_form(visit: Visit, error: MusterError | None) -> Shown:
    facts = {"name": visit.form.one("name"), "time_zone": visit.form.one("time_zone"), "problem": error}
    return Shown("msp/new_organization.html", {**facts, "zones": zone_names()}, error.status if error else 200)


def _client_form(visit: Visit, error: MusterError | None) -> Shown:
    found = organizations.settings(_scope(visit))
    facts = {
        "client": found,
        "name": visit.form.one("name") if error else found.name,
        "time_zone": visit.form.one("time_zone") if error else found.time_zone or "",
        "subscription": found.subscription,
        "subscriptions": [(str(one), str(one)) for one in Subscription],
        "zones": zone_names(),
        "problem": error,
        "done": visit.query.one("done"),
    }
    return Shown("msp/organization.html", facts, error.status if error else 200)


def _access_form(visit: Visit, error: MusterError | None) -> Shown:
    scope = _scope(visit)
    current = organizations.training_access(scope)
    typed = visit.form if visit.method == "POST" else None
    chosen = list(dict.fromkeys(typed.many("course_id"))) if typed else current.course_ids
    at = choosing.where(visit)
    shown = choosing.choosing(
        every_course(visit.msp_scope), chosen, lambda one: one.course_id, lambda one: one.title,
        at.get("search", ""), str(at.get("page", 1)),
    )  # fmt: skip
    facts = {
        "client": organizations.settings(scope),
        "courses": shown,
        "chosen": set(chosen),
        # Also those of courses that are not chosen: a form that is refused loses nothing.
        "seats": _typed_seats(typed) if typed else current.seats,
        "reply_to": typed.one("reply_to") if typed else current.reply_to,
        "problem": error,
    }
    return Shown("msp/access.html", facts, error.status if error else 200)
