"""Uploads of people: the file, what was read of it, its columns, and the decision. For the whole organization only."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from chalicelib.core.errors import BadRequest, Conflict, Invalid, MusterError, TooLarge, UnsupportedMedia
from chalicelib.people.uploads import service
from chalicelib.people.uploads.row_schemas import Verdict
from chalicelib.people.uploads.schemas import Approval, ImportDetail, ImportOut, ImportRowOut, MappingForm
from chalicelib.people.uploads.spreadsheet.encoding_names import LABELS
from chalicelib.people.uploads.spreadsheet.meanings import Meaning, Reason
from chalicelib.people.uploads.states import RowOutcome, UploadStatus
from chalicelib.portal.answer import Download, GoTo, Shown
from chalicelib.portal.live import live
from chalicelib.portal.orgs import choices, when
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.admins.names import names_of
from chalicelib.tenants.organizations.lookups import org_of, zone_in
from chalicelib.tenants.organizations.states import Subscription
from chalicelib.web.idempotency import idempotent
from chalicelib.web.requests import file_of

# What reads spreadsheets is imported by the two pages that do: every first page of an organization would pay for it.
pages = Pages(Permission.INVITES)

IMPORTS = "/orgs/{org_id}/imports"
_IMPORT = IMPORTS + "/{import_id}"

_PER_PAGE = 50
# Tabs of the preview, by the verdicts of their rows.
_TABS = {
    "mend": (Verdict.FAILED,), "corrected": (Verdict.CORRECTED,), "ready": (Verdict.OK,), "merged": (Verdict.MERGED,),
}  # fmt: skip
# What these columns mean nobody can choose.
_FIXED = (Reason.REPEATED, Reason.SECRET, Reason.NO_HEADING, Reason.OWN)
_UNREADABLE = (BadRequest, Conflict, Invalid, TooLarge, UnsupportedMedia)


@pages.get(IMPORTS)
def uploads(visit: Visit) -> Shown:
    scope = _scope(visit)
    shown = service.page(scope, visit.pager())
    facts = {
        "shown": shown,
        "names": names_of(scope, [one.uploaded_by for one in shown.items]),
        "zone": str(zone_in(scope.msp_id, scope.org)),
        "is_first": not visit.query.one("cursor"),
        "done": visit.query.one("done"),
    }
    return Shown("orgs/imports.html", facts)


@pages.get(IMPORTS + "/template")
def template(visit: Visit) -> Download:
    from chalicelib.people.uploads.template import CSV_TYPE, XLSX_TYPE, template_csv, template_xlsx

    _scope(visit)
    if visit.query.one("format") == "xlsx":
        return Download(template_xlsx(), XLSX_TYPE, "people.xlsx")
    return Download(template_csv().decode(), CSV_TYPE, "people.csv")


@pages.get(IMPORTS + "/new")
def choose_file(visit: Visit) -> Shown:
    return _file_form(visit, None)


@pages.post(IMPORTS + "/new")
def upload(visit: Visit) -> GoTo | Shown:
    """The same form with the same file is one upload, however often it is sent."""
    from chalicelib.people.uploads import preview

    scope = _scope(visit)
    try:
        content, content_type = file_of(visit.raw_body, visit.content_type)
        if not content and b'filename=""' in visit.raw_body:
            # What browsers send where no file was chosen.
            raise BadRequest("not_one_file", "Choose a file.")
        digest = hashlib.sha256(content).hexdigest()
        # Without the boundary, which browsers draw anew.
        call = replace(visit.call(f"{visit.form_id or digest} {digest}"), raw_body=content)
        made = idempotent(call, ImportOut, lambda seed: preview.upload(scope, content, content_type, seed, visit.now))
    except _UNREADABLE as error:
        return _file_form(visit, error)
    return _to(visit, made.import_id)


@pages.get(_IMPORT)
def show(visit: Visit) -> Shown:
    return _page(visit, None)


@pages.get(_IMPORT + "/mapping")
def show_mapping(visit: Visit) -> Shown | GoTo:
    return _mapping(visit, None)


@pages.post(_IMPORT + "/mapping")
def choose_mapping(visit: Visit) -> GoTo | Shown:
    """Only what was changed is chosen: the rest stays as it was read, whatever sheet it then is."""
    from chalicelib.people.uploads import preview

    scope, import_id = _scope(visit), visit.params["import_id"]
    before = service.detail(scope, import_id, visit.now)
    columns = {}
    for index, column in enumerate(before.columns):
        chosen = visit.form.one(f"column_{index}")
        # Named as they were shown: somebody may have had the file read in another way meanwhile.
        if visit.form.one(f"heading_{index}") == column.heading and chosen != (column.meaning or "none"):
            columns[column.heading] = None if chosen == "none" else chosen
    given: dict[str, Any] = {"columns": columns}
    for name in ("sheet", "encoding"):
        if visit.form.one(name) and visit.form.one(name) != getattr(before, name):
            given[name] = visit.form.one(name)
    try:
        form = visit.read(MappingForm, given)
        idempotent(visit.call(), ImportOut, lambda seed: preview.choose(scope, import_id, form, seed, visit.now))
    except _UNREADABLE as error:
        return _mapping(visit, error)
    return _to(visit, import_id, "read")


@pages.post(_IMPORT + "/approve")
def approve(visit: Visit) -> GoTo | Shown:
    """Invites as many as the button said, or nobody."""
    scope, import_id = _scope(visit), visit.params["import_id"]
    try:
        found = service.detail(scope, import_id, visit.now)
        if found.status == UploadStatus.PREVIEW and visit.form.one("num") != str(_num_people(found)):
            raise Conflict("changed_meanwhile", "The file was just read again. Please look at it before you decide.")
        notify = visit.read(Approval, when.notify_of(visit)).notify
        idempotent(visit.call(), ImportOut, lambda seed: service.approve(scope, import_id, notify, seed, visit.now))
    except (Conflict, Invalid) as error:
        return _page(visit, error)
    return _to(visit, import_id, "approved")


@pages.post(_IMPORT + "/disapprove")
def disapprove(visit: Visit) -> GoTo | Shown:
    scope, import_id = _scope(visit), visit.params["import_id"]
    try:
        idempotent(visit.call(), ImportOut, lambda seed: service.disapprove(scope, import_id, seed, visit.now))
    except Conflict as error:
        return _page(visit, error)
    return GoTo(visit.address(f"/orgs/{visit.org_id}/imports", done="disapproved"))


@pages.get(_IMPORT + "/failed")
def failed_rows(visit: Visit) -> Download:
    content = service.failed_file(_scope(visit), visit.params["import_id"], visit.now)
    return Download(content.decode(), "text/csv; charset=utf-8", "failed-rows.csv")


def _scope(visit: Visit) -> Scope:
    """Raises Forbidden for who is limited to departments: a file has people of all of them."""
    return access.org(visit.account_id, visit.org_id, visit.needs)


def _to(visit: Visit, import_id: str, done: str = "") -> GoTo:
    return GoTo(visit.address(f"/orgs/{visit.org_id}/imports/{import_id}", done=done))


def _file_form(visit: Visit, error: MusterError | None) -> Shown:
    scope = _scope(visit)
    facts = {
        "problem": error,
        "is_premium": org_of(scope.msp_id, scope.org).subscription == Subscription.ACTIVE,
        "has_groups": bool(choices.groups(scope)),
    }
    return Shown("orgs/import_new.html", facts, error.status if error else 200)


def _page(visit: Visit, error: MusterError | None) -> Shown:
    scope, import_id = _scope(visit), visit.params["import_id"]
    found, cells = service.with_cells(scope, import_id, visit.now)
    tabs = {name: [row for row in found.rows if _is_in(row, name)] for name in _TABS}
    counts = {name: len(rows) for name, rows in tabs.items()}
    chosen = visit.query.one("show")
    tab = chosen if chosen in tabs else next((name for name, rows in tabs.items() if rows), "ready")
    first = _first_row(visit, len(tabs[tab]))
    num_unreadable = sum(row.verdict == Verdict.FAILED for row in found.rows)
    is_running = found.status == UploadStatus.APPROVED
    facts = {
        "upload": found,
        "tab": tab,
        "counts": counts,
        "rows": tabs[tab][first : first + _PER_PAGE],
        "cells": cells,
        "first": first,
        "next": first + _PER_PAGE if first + _PER_PAGE < len(tabs[tab]) else None,
        "left_out": [one.heading for one in found.columns if one.reason == Reason.NOT_CHOSEN],
        "num_people": _num_people(found),
        "num_to_invite": found.num_rows - found.num_merged - num_unreadable,
        "num_failed_since": found.num_failed - num_unreadable,
        "places": dict([*choices.groups(scope), *choices.department_names(scope), *choices.locations(scope)]),
        "names": names_of(scope, [found.uploaded_by, found.decided_by]),
        "zone": str(zone_in(scope.msp_id, scope.org)),
        "typed": {name: visit.form.one(name) for name in when.FIELDS},
        "live": live(visit, is_running),
        "problem": error,
        "done": visit.query.one("done"),
    }
    return Shown("orgs/import.html", facts, error.status if error else 200)


def _is_in(row: ImportRowOut, tab: str) -> bool:
    """Who could not be invited after approval is to be mended as well."""
    if row.outcome == RowOutcome.FAILED:
        return tab == "mend"
    return row.verdict in _TABS[tab]


def _num_people(found: ImportOut) -> int:
    return found.num_rows - found.num_failed - found.num_merged


def _first_row(visit: Visit, num_rows: int) -> int:
    told = visit.query.one("from")
    first = int(told) if told.isdecimal() and len(told) < 5 else 0
    return first if first < num_rows else 0


def _mapping(visit: Visit, error: MusterError | None) -> Shown | GoTo:
    scope, import_id = _scope(visit), visit.params["import_id"]
    found: ImportDetail = service.detail(scope, import_id, visit.now)
    if found.status != UploadStatus.PREVIEW:
        return _to(visit, import_id)
    typed = visit.form if error else None
    facts = {
        "upload": found,
        "columns": [(column, column.reason in _FIXED, _chosen(typed, index, column.meaning))
                    for index, column in enumerate(found.columns)],
        "meanings": _MEANINGS,
        "sheets": [(name, name) for name in dict.fromkeys([found.sheet or "", *found.other_sheets]) if name],
        "sheet": (typed.one("sheet") if typed else "") or found.sheet or "",
        "encodings": [(label, label) for label in _labels(found.encoding)],
        "encoding": (typed.one("encoding") if typed else "") or found.encoding or "",
        "problem": error,
    }  # fmt: skip
    return Shown("orgs/import_mapping.html", facts, error.status if error else 200)


_MEANINGS = [
    (Meaning.EMAIL.value, "Email address"), (Meaning.FIRST_NAME.value, "First name"),
    (Meaning.LAST_NAME.value, "Last name"), (Meaning.FULL_NAME.value, "Full name"), (Meaning.GROUPS.value, "Groups"),
    (Meaning.DEPARTMENT.value, "Department"), (Meaning.LOCATION.value, "Location"),
    (Meaning.FIELD.value, "A profile field of this name"), ("none", "Leave out"),
]  # fmt: skip


def _chosen(typed: Any, index: int, meaning: Meaning | None) -> str:
    return (typed.one(f"column_{index}") if typed else "") or (meaning.value if meaning else "none")


def _labels(current: str | None) -> Sequence[str]:
    if current is None:
        return []
    return list(dict.fromkeys([current, *LABELS.values()]))
