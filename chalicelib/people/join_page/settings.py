"""The settings of an organization's join page: its switch, its address, and which domains may join."""

import re
from collections.abc import Sequence
from datetime import datetime

from chalicelib.core.errors import ConditionFailed, Conflict, FieldError, Invalid, NotFound
from chalicelib.core.settings import settings
from chalicelib.people.invitations.models import JOIN_PAGE_SK, JoinPage
from chalicelib.people.invitations.store import join_page
from chalicelib.people.join_page import store
from chalicelib.people.join_page.domains import domain_of
from chalicelib.people.join_page.schemas import JoinPageForm, JoinPageOut, JoinProblem
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.organizations import store as orgs_store
from chalicelib.tenants.organizations.models import Org
from chalicelib.tenants.organizations.states import Subscription

_SLUG = re.compile(r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*")

# Addresses that look like pages of Muster, or of the company that runs it.
_RESERVED = frozenset(
    {
        "about", "account", "accounts", "admin", "api", "assets", "auth", "badges", "billing", "calendar",
        "certificates", "confirm", "contact", "docs", "forgot", "guide", "health", "help", "home", "invite",
        "invites", "join", "legal", "log-in", "log-out", "login", "logout", "mail", "me", "msp", "muster", "official",
        "openapi", "orgs", "password", "payment", "portal", "privacy", "register", "reset", "rsvp", "security",
        "settings", "sign-in", "sign-up", "signin", "signup", "static", "status", "support", "terms", "test", "try",
        "verify", "www",
    }
)  # fmt: skip

_TAKEN = "This address is taken. Choose another."

_CLOSED = JoinProblem(
    code="closed", message="The organization is closed. Nobody can join until its provider opens it again."
)
_NO_SUBSCRIPTION = JoinProblem(
    code="no_subscription", message="The organization has no active subscription. Its provider can switch it on."
)
_NO_GROUP = JoinProblem(
    code="no_group", message="The organization has no groups yet. People choose one when they join."
)


def page_settings(scope: Scope) -> JoinPageOut:
    org = _org(scope)
    return _out(org, join_page(org.org_id))


def change(scope: Scope, form: JoinPageForm, now: datetime) -> JoinPageOut:
    """Raises Invalid, naming each wrong domain, and Conflict `slug_taken`."""
    org = _org(scope)
    after = _checked(org.org_id, form)
    before = join_page(org.org_id)
    if _values_of(after) == _values_of(before):
        return _out(org, before)
    entry = AuditEntry(scope.account_id, "join_page.changed", "join_page", _values_of(before), _values_of(after))
    writes = store.change_writes(org.msp_id, org.org_id, before, after)
    try:
        audit.commit(scope.tenant_pk, entry, writes, now)
    except ConditionFailed as error:
        if after.slug != before.slug and after.slug and 1 in error.failed:
            raise Conflict("slug_taken", _TAKEN, [FieldError("slug", "slug_taken", _TAKEN)]) from None
        raise
    return _out(org, after)


def why_not_available(scope: Scope, slug: str) -> FieldError | None:
    """What is in the way of this address, as it is now; None when the organization's page may have it, or has it."""
    errors = _slug_errors(JoinPageForm(enabled=False, slug=slug))
    if errors:
        return errors[0]
    owner = store.owner_of(slug)
    if owner is not None and owner.org_id != scope.org:
        return FieldError("slug", "slug_taken", _TAKEN)
    return None


def is_served(org: Org) -> bool:
    return org.subscription == Subscription.ACTIVE and not org.closed_at


def is_reserved(slug: str) -> bool:
    return slug in _RESERVED


def is_slug(text: str) -> bool:
    return _SLUG.fullmatch(text) is not None


def _org(scope: Scope) -> Org:
    org = orgs_store.org(scope.msp_id, scope.org)
    if org is None:
        raise NotFound("There is no such organization")
    return org


def _checked(org_id: str, form: JoinPageForm) -> JoinPage:
    errors = list(_slug_errors(form))
    domains: dict[str, None] = {}
    for index, text in enumerate(form.allowed_domains):
        domain = domain_of(text)
        if domain is None:
            problem = "This isn't a domain. Write it like example.com, without @ or *."
            errors.append(FieldError(f"allowed_domains.{index}", "invalid_domain", problem))
        else:
            domains[domain] = None
    if errors:
        raise Invalid(*errors)
    return JoinPage(org_pk(org_id), JOIN_PAGE_SK, enabled=form.enabled, slug=form.slug, allowed_domains=list(domains))


def _slug_errors(form: JoinPageForm) -> Sequence[FieldError]:
    if form.slug is None:
        return [FieldError("slug", "required", "Choose an address to switch the page on.")] if form.enabled else []
    if not is_slug(form.slug):
        problem = "Use 3 to 63 lowercase letters and digits, with single hyphens between them if you like."
        return [FieldError("slug", "invalid_slug", problem)]
    if form.slug is not None and is_reserved(form.slug):
        return [FieldError("slug", "reserved_slug", "This address is reserved. Choose another.")]
    return []


def _values_of(page: JoinPage) -> dict[str, object]:
    return {"enabled": page.enabled, "slug": page.slug, "allowed_domains": list(page.allowed_domains)}


def _problems(org: Org) -> list[JoinProblem]:
    """Nothing else is asked for where nobody can do anything about it."""
    if org.closed_at:
        return [_CLOSED]
    found = [] if is_served(org) else [_NO_SUBSCRIPTION]
    return found if store.has_group(org.org_id) else [*found, _NO_GROUP]


def _out(org: Org, page: JoinPage) -> JoinPageOut:
    problems = _problems(org)
    return JoinPageOut(
        enabled=page.enabled,
        slug=page.slug,
        allowed_domains=list(page.allowed_domains),
        url=f"{settings().public_url}/join/{page.slug}" if page.slug else None,
        shown=page.enabled and not problems,
        problems=problems,
    )
