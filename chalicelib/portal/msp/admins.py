"""Admins of the MSP: who they are, appointing one, removing one."""

from chalicelib.core.errors import Conflict, Invalid, MusterError, NotFound
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.msp.training import first_of
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.admins import service as admins
from chalicelib.tenants.admins.schemas import AdminOut, AppointMspAdmin
from chalicelib.web.idempotency import idempotent
from chalicelib.web.paging import MAX_LIMIT, Walk

pages = Pages(Permission.MSP_ADMINS)


@pages.get("/msp/admins")
def show(visit: Visit) -> Shown:
    return _page(visit, None)


@pages.post("/msp/admins")
def appoint(visit: Visit) -> GoTo | Shown:
    email = visit.form.one("email").strip()
    try:
        form = visit.read(AppointMspAdmin, {"email": email})
        idempotent(
            visit.call(), AdminOut, lambda seed: admins.appoint_msp_admin(visit.msp_scope, form.email, seed, visit.now)
        )
    except (Invalid, Conflict) as error:
        return _page(visit, error)
    return _to(visit, "appointed")


@pages.get("/msp/admins/{account_id}/remove")
def ask_remove(visit: Visit) -> Shown:
    everybody = admins.page(visit.msp_scope, Walk(MAX_LIMIT, None)).items
    found = next((one for one in everybody if one.account_id == visit.params["account_id"]), None)
    if found is None:
        raise NotFound("There is no such admin")
    facts = {"admin": found, "is_last": len(everybody) == 1, "is_self": found.account_id == visit.account_id}
    return Shown("msp/remove_admin.html", facts)


@pages.post("/msp/admins/{account_id}/remove")
def remove(visit: Visit) -> GoTo:
    admins.dismiss(visit.msp_scope, visit.params["account_id"], visit.now)
    return _to(visit, "removed")


def _to(visit: Visit, done: str) -> GoTo:
    return GoTo(visit.address("/msp/admins", done=done))


def _page(visit: Visit, error: MusterError | None) -> Shown:
    shown = admins.page(visit.msp_scope, visit.pager())
    facts = {
        "shown": shown, "email": visit.form.one("email"), "problem": error, "done": visit.query.one("done"),
        **first_of(visit),
    }  # fmt: skip
    return Shown("msp/admins.html", facts, error.status if error else 200)
