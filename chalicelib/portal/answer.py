"""What a page answers, and the headers that every page has."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalice.app import Response

from chalicelib.core.settings import portal_path
from chalicelib.portal.rendering import render
from chalicelib.web.html import root
from chalicelib.web.sessions import service as sessions

SESSION_COOKIE, KEPT_COOKIE = "__Host-muster", "__Host-muster-kept"

# Scripts and styles of our own files only, none in the page; nobody frames it; nothing is kept in caches.
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Strict-Transport-Security": "max-age=31536000",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-store",
}
_COOKIE_RULES = "Path=/; Secure; HttpOnly; SameSite=Lax"


@dataclass(frozen=True)
class Shown:
    """A template with its facts. `errors` of a form, by which the page's title begins with "Error:"."""

    template: str
    facts: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    cookies: tuple[str, ...] = ()


@dataclass(frozen=True)
class GoTo:
    """303 to another page of the portal, by its path below `/portal`, with its query."""

    path: str
    cookies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Download:
    """A file, which the browser saves. Bytes need a content type that the application knows as binary (app.py)."""

    content: str | bytes
    content_type: str
    name: str


@dataclass(frozen=True)
class ToFile(GoTo):
    """303 to a file by its signed link, which is of our own bucket: nothing of a request is ever in `path`."""


def cookie(name: str, value: str, max_age: int | None = None) -> str:
    """Without an age it ends with the browser."""
    age = f"; Max-Age={max_age}" if max_age is not None else ""
    return f"{name}={value}; {_COOKIE_RULES}{age}"


def no_cookie(name: str) -> str:
    return cookie(name, "", 0)


def ended_session(cookies: Mapping[str, str]) -> str:
    """Of a browser that has logged out: whose session it was, until somebody logs in or the browser is closed.

    A page of theirs may still be open, and what is sent from it is not for the next.
    """
    account_id = sessions.account_in(cookies.get(SESSION_COOKIE, ""))
    return cookie(SESSION_COOKIE, sessions.ended(account_id)) if account_id else no_cookie(SESSION_COOKIE)


def shown(answer: Shown, common: dict[str, Any], more: dict[str, str] | None = None) -> Response:
    html = render(answer.template, {**common, **answer.facts})
    return Response(html, _with_cookies({**_HEADERS, **(more or {})}, answer.cookies), answer.status)


def gone_to(answer: GoTo) -> Response:
    here = f"{root()}{portal_path()}{answer.path if answer.path != '/' else ''}" or "/"
    headers = {**_HEADERS, "Location": answer.path if isinstance(answer, ToFile) else here}
    return Response("", _with_cookies(headers, answer.cookies), 303)


def downloaded(answer: Download) -> Response:
    disposition = f'attachment; filename="{answer.name}"'
    return Response(
        answer.content, {**_HEADERS, "Content-Type": answer.content_type, "Content-Disposition": disposition}
    )


def moved(relative: str) -> Response:
    return Response("", {**_HEADERS, "Location": relative}, 308)


def _with_cookies(headers: dict[str, str], cookies: tuple[str, ...]) -> dict[str, str | list[str]]:
    return {**headers, **({"Set-Cookie": list(cookies)} if cookies else {})}
