"""The join page's settings: whether it is there, at which address, and who may join."""

from typing import Any

from chalicelib.core.errors import Conflict, FieldError, Invalid, MusterError
from chalicelib.core.settings import settings
from chalicelib.people.join_page import settings as join_settings
from chalicelib.people.join_page.schemas import MAX_DOMAINS, JoinPageForm
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.states import Permission

pages = Pages(Permission.SETTINGS)

_JOIN_PAGE = "/orgs/{org_id}/join-page"


@pages.get(_JOIN_PAGE)
def show(visit: Visit) -> Shown:
    """With an address in the query, whether it is free; nothing is saved by that."""
    return _page(visit, None)


@pages.post(_JOIN_PAGE)
def change(visit: Visit) -> GoTo | Shown:
    lines = visit.form.one("allowed_domains").replace(",", "\n").replace(";", "\n").splitlines()
    domains = [line.strip().removeprefix("@") for line in lines if line.strip()]
    given: dict[str, Any] = {
        "enabled": visit.form.one("enabled") == "yes",
        "slug": visit.form.one("slug").strip().lower() or None,
        "allowed_domains": domains,
    }
    try:
        if len(domains) > MAX_DOMAINS:
            problem = f"Enter up to {MAX_DOMAINS} domains. You entered {len(domains)}."
            raise Invalid(FieldError("allowed_domains", "too_many", problem))
        join_settings.change(visit.org_scope, visit.read(JoinPageForm, given), visit.now)
    except Invalid as error:
        return _page(visit, _with_domains(error, domains))
    except Conflict as error:
        return _page(visit, error)
    return GoTo(visit.address(f"/orgs/{visit.org_id}/join-page", done="saved"))


def _with_domains(error: Invalid, domains: list[str]) -> Invalid:
    """Errors of a list's items are at its one field, and say which line is meant."""
    found = []
    for one in error.errors:
        name, _, index = one.field.partition(".")
        if name == "allowed_domains" and index.isdecimal() and int(index) < len(domains):
            found.append(FieldError(name, one.code, f"{domains[int(index)][:100]}: {one.message}"))
        else:
            found.append(one)
    return Invalid(*found)


def _page(visit: Visit, error: MusterError | None) -> Shown:
    scope = visit.org_scope
    current = join_settings.page_settings(scope)
    typed = visit.form if error else visit.query if "slug" in visit.query else None
    slug = typed.one("slug").strip().lower()[:100] if typed else current.slug or ""
    facts = {
        "current": current,
        "enabled": typed.one("enabled") == "yes" if typed else current.enabled,
        "slug": slug,
        "domains": typed.one("allowed_domains") if typed else "\n".join(current.allowed_domains),
        "is_asked": "slug" in visit.query and bool(slug),
        "in_the_way": join_settings.why_not_available(scope, slug) if "slug" in visit.query and slug else None,
        "start": f"{settings().public_url}/join/",
        "problem": error,
        "done": visit.query.one("done"),
    }
    return Shown("orgs/join_page.html", facts, error.status if error else 200)
