"""Joining in a browser: which page comes next, and what it shows."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.core.errors import Conflict, FieldError, Invalid
from chalicelib.core.ids import new_id
from chalicelib.people.invitations.accept_pages import Screen
from chalicelib.people.join_page import service
from chalicelib.people.join_page.models import JoinRequest
from chalicelib.people.join_page.schemas import JoinForm, VerifyForm
from chalicelib.people.join_page.service import Shown
from chalicelib.web.html import Redirect

# More of them would only be read by a machine.
_MAX_TOLD = 5


def form(slug: str, source: str, now: datetime) -> Screen:
    shown = service.shown(slug, source, now)
    return _form(shown, JoinForm(request=new_id(now)))


def ask(slug: str, form: JoinForm, source: str, now: datetime) -> Screen | Redirect:
    shown = service.shown(slug, source, now)
    try:
        request_id = service.ask(shown, form, now)
    except Invalid as error:
        return _form(shown, form, error.errors, error.status)
    return Redirect(f"{shown.page.slug}/verify?request={request_id}")


def code_form(slug: str, request_id: str, source: str, now: datetime) -> Screen:
    shown = service.shown(slug, source, now)
    try:
        request = service.request_of(shown, request_id, now)
    except Conflict as error:
        return _over(shown, error)
    return _code_form(shown, request)


def confirm(slug: str, form: VerifyForm, source: str, now: datetime) -> Screen | Redirect:
    shown = service.shown(slug, source, now)
    try:
        request = service.request_of(shown, form.request, now)
        try:
            token = service.confirm(shown, request, "".join(form.code.split()), now)
        except Invalid as error:
            return _code_form(shown, request, error.errors[0].message, error.status)
    except Conflict as error:
        return _over(shown, error)
    return Redirect(f"../../invites/{token}") if token else Screen("member_already", _facts(shown))


def _form(shown: Shown, form: JoinForm, errors: Sequence[FieldError] = (), status: int = 200) -> Screen:
    domains = list(shown.page.allowed_domains)
    facts = {
        **_facts(shown),
        "form": form,
        "groups": [(group.group_id, group.name) for group in shown.groups],
        "locations": [(location.location_id, location.name) for location in shown.locations],
        "domains": domains if len(domains) <= _MAX_TOLD else [],
        "is_limited": bool(domains),
        "errors": {error.field: error.message for error in errors},
    }
    return Screen("join", facts, status)


def _code_form(shown: Shown, request: JoinRequest, error: str = "", status: int = 200) -> Screen:
    facts = {**_facts(shown), "request": request.request_id, "email": request.email, "error": error}
    return Screen("verify", facts, status)


def _over(shown: Shown, error: Conflict) -> Screen:
    return Screen("over", {**_facts(shown), "detail": error.detail}, error.status)


def _facts(shown: Shown) -> Mapping[str, Any]:
    return {"organization": shown.org.name, "slug": shown.page.slug}
