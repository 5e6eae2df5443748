"""Settings of the organization: time zone, hour of enrollment, where replies go, how long invitations last."""

from typing import Any

from chalicelib.core.errors import Conflict, Invalid, MusterError
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.organizations import service as organizations
from chalicelib.tenants.organizations.schemas import SettingsPatch, zone_names

pages = Pages(Permission.SETTINGS)

_SETTINGS = "/orgs/{org_id}/settings"
_FIELDS = ("time_zone", "enroll_hour", "reply_to", "invitation_days")


@pages.get(_SETTINGS)
def show(visit: Visit) -> Shown:
    return _page(visit, None)


@pages.post(_SETTINGS)
def change(visit: Visit) -> GoTo | Shown:
    """An empty field stays as it is: nothing here can be taken away."""
    given: dict[str, Any] = {name: text for name in _FIELDS if (text := visit.form.one(name).strip())}
    days = given.get("invitation_days")
    if days is not None and days.isdecimal() and len(days) < 6:
        given["invitation_days"] = int(days)
    try:
        organizations.change_settings(visit.org_scope, visit.read(SettingsPatch, given), visit.now)
    except (Invalid, Conflict) as error:
        return _page(visit, error)
    return GoTo(visit.address(f"/orgs/{visit.org_id}/settings", done="saved"))


def _page(visit: Visit, error: MusterError | None) -> Shown:
    current = organizations.settings(visit.org_scope)
    facts = {
        "current": current,
        "typed": {name: visit.form.one(name) if error else getattr(current, name) or "" for name in _FIELDS},
        "zones": zone_names(),
        "problem": error,
        "done": visit.query.one("done"),
    }
    return Shown("orgs/settings.html", facts, error.status if error else 200)
