"""What runs and ran in the background: actions on many learners, uploads, exports; and the files of exports."""

from typing import Any

from chalicelib.people.bulk_actions import service as bulk_actions
from chalicelib.people.uploads import service as uploads
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.live import live
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.reporting.exports.schemas import ExportOut, Selection
from chalicelib.reporting.exports.states import ExportKind, ExportStatus
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.admins.names import names_of
from chalicelib.tenants.organizations.lookups import zone_in
from chalicelib.web.idempotency import idempotent

# What makes exports is imported where it is used: every first page of an organization would pay for it.
pages = Pages(Permission.MEMBERS_READ)

_ACTIVITY = "/orgs/{org_id}/activity"
_EXPORTS = "/orgs/{org_id}/exports"

# Lists of the organization that its exports are made of.
_LISTS = {"batches": ExportKind.BATCHES, "certificates": ExportKind.CERTIFICATES}


@pages.get(_ACTIVITY)
def show(visit: Visit) -> Shown:
    scope = visit.org_scope
    tabs = _tabs(scope)
    tab = visit.query.one("show") if visit.query.one("show") in tabs else tabs[0]
    shown: Any
    if tab == "uploads":
        shown = uploads.page(scope, visit.pager())
        accounts = [one.uploaded_by for one in shown.items]
    elif tab == "exports":
        from chalicelib.reporting.exports import service as exports

        shown, accounts = exports.page(scope, visit.pager(), visit.now), []
    else:
        shown = bulk_actions.page(scope, visit.pager())
        accounts = [one.created_by for one in shown.items]
    facts = {
        "tabs": tabs,
        "tab": tab,
        "shown": shown,
        "names": names_of(scope, accounts),
        "zone": str(zone_in(scope.msp_id, scope.org)),
        "is_first": not visit.query.one("cursor"),
    }
    return Shown("orgs/activity.html", facts)


@pages.post(_EXPORTS, needs=Permission.TRAINING_READ)
def start(visit: Visit) -> GoTo:
    from chalicelib.reporting.exports import service as exports

    scope, kind = visit.org_scope, _LISTS.get(visit.form.one("list"))
    if kind is None:
        return GoTo(visit.address(f"/orgs/{visit.org_id}/activity", show="exports"))
    selection = Selection(kind=kind, org_id=scope.org)
    made = idempotent(visit.call(), ExportOut, lambda seed: exports.start(scope, selection, seed, visit.now))
    return GoTo(visit.address(f"/orgs/{visit.org_id}/exports/{made.export_id}"))


@pages.get(_EXPORTS + "/{export_id}", needs=Permission.TRAINING_READ)
def show_export(visit: Visit) -> Shown:
    return export_page(visit, visit.params["export_id"])


def export_page(visit: Visit, export_id: str) -> Shown:
    """Raises NotFound for who may not have its file."""
    from chalicelib.reporting.exports import service as exports

    found = exports.find(visit.org_scope, export_id, visit.now)
    facts = {
        "export": found,
        "live": live(visit, found.status == ExportStatus.RUNNING),
        "zone": str(zone_in(visit.org_scope.msp_id, visit.org_id)),
        "sees_activity": Permission.MEMBERS_READ in visit.org_scope.permissions,
    }
    return Shown("orgs/export.html", facts)


def _tabs(scope: Scope) -> list[str]:
    """What the visitor may see of it."""
    found = ["actions"]
    if Permission.INVITES in scope.permissions and scope.department_ids is None:
        found.append("uploads")
    if Permission.TRAINING_READ in scope.permissions:
        found.append("exports")
    return found
