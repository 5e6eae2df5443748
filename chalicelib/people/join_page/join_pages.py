"""Joining in a browser: the next page, and what it shows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.core.errors import Conflict, FieldError, Invalid, TooMany
from chalicelib.core.ids import new_id
from chalicelib.people.invitations.page_state import PageState
from chalicelib.people.join_page import service
from chalicelib.people.join_page.models import JoinRequest
from chalicelib.people.join_page.schemas import JoinForm, VerifyForm
from chalicelib.people.join_page.service import JoinPageView
from chalicelib.web.html import Redirect

# Nobody reads a longer list.
_MAX_DOMAINS_SHOWN = 5


def form(slug: str, source: str, now: datetime) -> PageState:
    view = service.load(slug, source, now)
    return _form(view, JoinForm(request=new_id(now)))


def ask(slug: str, form: JoinForm, source: str, now: datetime) -> PageState | Redirect:
    view = service.load(slug, source, now)
    try:
        request_id = service.ask(view, form, source, now)
    except Invalid as error:
        return _form(view, form, error.errors, error.status)
    except TooMany as error:
        # The form keeps what was typed.
        state = _form(view, form, [FieldError("", error.code, error.detail)], error.status)
        return replace(state, retry_after=error.retry_after)
    return Redirect(f"/join/{view.page.slug}/verify?request={request_id}")


def code_form(slug: str, request_id: str, source: str, now: datetime) -> PageState:
    view = service.load(slug, source, now)
    try:
        request = service.request_of(view, request_id, now)
    except Conflict as error:
        return _over(view, error)
    return _code_form(view, request)


def confirm(slug: str, form: VerifyForm, source: str, now: datetime) -> PageState | Redirect:
    view = service.load(slug, source, now)
    try:
        request = service.request_of(view, form.request, now)
        try:
            token = service.confirm(view, request, "".join(form.code.split()), now)
        except Invalid as error:
            return _code_form(view, request, error.errors[0].message, error.status)
    except Conflict as error:
        return _over(view, error)
    return Redirect(f"/invites/{token}" if token else f"/join/{view.page.slug}/joined")


def joined(slug: str, source: str, now: datetime) -> PageState:
    """Where the code of somebody leads who is a member already. Says nothing about anybody."""
    return PageState("member_already", _facts(service.load(slug, source, now)))


def _form(view: JoinPageView, form: JoinForm, errors: Sequence[FieldError] = (), status: int = 200) -> PageState:
    domains = list(view.page.allowed_domains)
    facts = {
        **_facts(view),
        "form": form,
        "groups": [(group.group_id, group.name) for group in view.groups],
        "locations": [(location.location_id, location.name) for location in view.locations],
        "domains": domains if len(domains) <= _MAX_DOMAINS_SHOWN else [],
        "is_limited": bool(domains),
        "errors": {error.field: error.message for error in errors},
    }
    return PageState("join", facts, status)


def _code_form(view: JoinPageView, request: JoinRequest, error: str = "", status: int = 200) -> PageState:
    facts = {**_facts(view), "request": request.request_id, "email": request.email, "error": error}
    return PageState("verify", facts, status)


def _over(view: JoinPageView, error: Conflict) -> PageState:
    return PageState("over", {**_facts(view), "detail": error.detail}, error.status)


def _facts(view: JoinPageView) -> Mapping[str, Any]:
    return {"organization": view.org.name, "slug": view.page.slug}
