"""What the frame around every page shows: who is logged in, in which tenant, and where they can go."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from chalicelib.core.errors import Forbidden, MusterError
from chalicelib.core.ids import new_id
from chalicelib.portal.menu import menu, places
from chalicelib.portal.rendering import portal
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.permissions import TABLE
from chalicelib.tenants.access.states import Reach, Role
from chalicelib.tenants.organizations.lookups import org_of, zone_of


def nobody() -> dict[str, Any]:
    return {
        "login": None, "link": portal, "wing": "", "path": "", "roles": [], "tenant": None, "can": (),
        "is_limited": False, "is_closed": False, "form_id": "", "sections": (), "back_to": None,
    }  # fmt: skip


def common(visit: Visit) -> dict[str, Any]:
    """`can` are the permissions in the tenant of this page, `wing` its part of the portal."""
    if visit.session is None:
        return {**nobody(), "form_id": new_id(visit.now)}
    wing = visit.path.split("/")[1]
    facts: dict[str, Any] = {
        "login": visit.session.email or visit.session.first_name or visit.session.last_name or "you",
        "link": _link(visit),
        "wing": wing,
        "path": visit.path,
        "roles": visit.me.roles,
        "form_id": new_id(visit.now),
        "tenant": None,
        "can": (),
        "is_limited": False,
        "is_closed": False,
        "back_to": None,
    }
    if wing == "msp":
        facts |= {"tenant": _msp_name(visit), "can": visit.msp_scope.permissions}
    if wing == "orgs":
        scope = visit.org_scope
        org = org_of(scope.msp_id, scope.org)
        facts |= {"tenant": org.name, "zone": str(zone_of(org)), "org_id": scope.org, "can": scope.permissions}
        facts["is_closed"] = bool(org.closed_at)
        # To departments: what concerns the whole organization is not offered.
        facts["is_limited"] = scope.department_ids is not None
        facts["back_to"] = _back_to(visit)
    return {**facts, "sections": menu(facts)}


def of_problem(visit: Visit | None) -> dict[str, Any]:
    """Around an error, without the tenant: it may be none of the visitor's."""
    if visit is None or visit.session is None:
        return nobody()
    try:
        return {**nobody(), "login": visit.session.email or "you", "roles": visit.me.roles}
    except MusterError:
        return nobody()


def first_place(visit: Visit) -> str:
    """Of an organization whose home its visitor may not see: the first page of the menu that they may."""
    for path, needs in places(visit.org_id):
        with suppress(Forbidden):
            scope = access.org_or_departments(visit.account_id, visit.org_id, needs)
            is_whole = TABLE[needs].reach != Reach.DEPARTMENTS or path.endswith("/imports")
            if scope.department_ids is None or not is_whole:
                return path
    raise Forbidden("Your role here has no page of its own yet. Ask an admin which one you need.")


def _link(visit: Visit) -> Callable[..., str]:
    """Links between pages of an MSP carry which it is, for who administers several: two tabs may show two."""
    several = [role for role in visit.me.roles if role.role == Role.MSP_ADMIN]
    if len(several) < 2 or not visit.path.startswith("/msp"):
        return portal
    chosen = visit.msp_id or several[0].msp_id
    return lambda path, **query: portal(path, **{"msp": chosen, **query})


def _back_to(visit: Visit) -> tuple[str, str] | None:
    """From a client's pages to those of its MSP, for who came from there: its name and the client's page."""
    several = [role for role in visit.me.roles if role.role == Role.MSP_ADMIN]
    found = next((role for role in several if role.msp_id == visit.org_scope.msp_id), None)
    if found is None:
        return None
    chosen = found.msp_id if len(several) > 1 else None
    return found.name, portal(f"/msp/training/{visit.org_scope.org}", msp=chosen)


def _msp_name(visit: Visit) -> str:
    return next((role.name for role in visit.me.roles if role.msp_id == visit.msp_scope.msp_id and not role.org_id), "")
