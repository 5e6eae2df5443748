"""From a request to the answer of its page: who is it, are they allowed, what came of it."""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode

from chalice.app import Response

from chalicelib.core import observability
from chalicelib.core.errors import BadRequest, Forbidden, InFlight, MusterError, NotFound, TooLarge
from chalicelib.core.ids import new_id
from chalicelib.core.settings import settings
from chalicelib.portal import answer, assets, navigation, same_site, site_map
from chalicelib.portal.answer import KEPT_COOKIE, SESSION_COOKIE, Download, GoTo, Shown
from chalicelib.portal.site_map import ACCOUNT, EVERYBODY, PortalPage
from chalicelib.portal.visit import Fields, Visit
from chalicelib.web.problems import unexpected
from chalicelib.web.requests import address_without_slash, content_type_of, parts_of, source_of
from chalicelib.web.routing import MAX_FILE_BYTES, clock
from chalicelib.web.sessions import kept_posts
from chalicelib.web.sessions import service as sessions
from chalicelib.web.sessions.models import BrowserSession

_FILES = "multipart/form-data"
# In all less than the 29 seconds that API Gateway waits.
_LOOKS, _BETWEEN_LOOKS = 10, 1.0
# Tests replace it.
wait: list[Callable[[float], None]] = [time.sleep]
# Ids hold nothing else (site_map.py); `export` and `copy` are ids, too.
_ID = re.compile(r"[0-9A-Za-z_.~-]{1,200}")
_IDS = ("_id", "export", "copy")
# Never kept: whoever has the browser could read it there.
_SECRET_WORDS = ("password", "code")


def respond(request: Any) -> Response:
    done = _respond(request)
    return Response("", done.headers, done.status_code) if request.method == "HEAD" else done


def _respond(request: Any) -> Response:
    path = "/" + str((request.uri_params or {}).get("proxy") or "")
    method = "POST" if request.method == "POST" else "GET"
    if path.startswith("/assets/"):
        return assets.respond(path.removeprefix("/assets/")) or _problem(NotFound(), None)
    if path != "/" and path.endswith("/") and (shorter := address_without_slash(request)):
        return answer.moved(shorter)
    visit: Visit | None = None
    try:
        if method == "POST" and not same_site.is_ours(request.headers):
            raise Forbidden("This came from another site, so nothing was done.", "other_site")
        if method == "GET" and (page := site_map.page_of_form(path)) is not None:
            # What was wrong with a form is shown at its address, which people load anew, keep and send to others.
            return answer.gone_to(GoTo("?".join(filter(None, (page, urlencode(_msp_of(request)))))))
        found = site_map.find(method, path)
        if found is None or (found[0].only_dev and settings().stage == "prod"):
            raise NotFound()
        visit = _visit(request, method, path, *found)
        if found[0].needs != EVERYBODY and visit.session is None:
            return answer.gone_to(_to_log_in(visit))
        if found[0].needs not in (EVERYBODY, ACCOUNT):
            # Here, so that no page can forget to ask.
            try:
                _ = visit.org_scope if path.startswith("/orgs/") else visit.msp_scope
            except Forbidden:
                if found[0].path != "/orgs/{org_id}":
                    raise
                # A role may be for the audit alone: its first page is not that of everybody.
                return answer.gone_to(GoTo(navigation.first_place(visit)))
        result = _result(found[0], visit)
        if isinstance(result, Download):
            return answer.downloaded(result)
        return answer.gone_to(result) if isinstance(result, GoTo) else answer.shown(result, navigation.common(visit))
    except MusterError as error:
        return _problem(error, visit)
    except Exception:
        return _problem(unexpected(), visit)


def _result(page: PortalPage, visit: Visit) -> GoTo | Shown | Download:
    """A second press, while the first is still being answered, waits for that and shows what it showed."""
    result: GoTo | Shown | Download
    for _ in range(_LOOKS):
        try:
            result = page.handler(visit)
        except InFlight:
            wait[0](_BETWEEN_LOOKS)
        else:
            return result
    result = page.handler(visit)
    return result


def _visit(request: Any, method: str, path: str, page: PortalPage, params: Mapping[str, str]) -> Visit:
    raw = request.raw_body or b"" if method == "POST" else b""
    if len(raw) > MAX_FILE_BYTES:
        raise TooLarge("body_too_large", f"This is larger than {MAX_FILE_BYTES // 1_000_000} MB. Send a smaller file.")
    content_type = content_type_of(request)
    query = _query_of(request)
    cookies, now = _cookies(request), clock[0]()
    visit = Visit(
        method=method, path=path, params=params, query=Fields(_readable(query)),
        form=Fields(_readable(_fields(raw, content_type))), raw_body=raw, content_type=content_type, needs=page.needs,
        session=_session(cookies, now), now=now, source=source_of(request),
        device=str(request.headers.get("user-agent") or ""), cookies=cookies,
    )  # fmt: skip
    # Who became an admin on a device that remembers them: an admin's session is shorter.
    session = visit.session
    if session is not None and session.kept and sessions.is_over(session, now, is_admin=visit.is_admin):
        return replace(visit, session=None)
    return visit


def _query_of(request: Any) -> list[tuple[str, str]]:
    multi = request.query_params
    return [(name, text) for name in (multi or ()) for text in multi.getlist(name)]


def _msp_of(request: Any) -> list[tuple[str, str]]:
    """Which MSP's page it is, for who administers several."""
    return [pair for pair in _readable(_query_of(request)) if pair[0] == "msp"]


def _session(cookies: Mapping[str, str], now: Any) -> BrowserSession | None:
    session = sessions.find(cookies.get(SESSION_COOKIE, ""), now)
    if session is not None:
        sessions.note_use(session, now)
    return session


def _cookies(request: Any) -> dict[str, str]:
    try:
        parsed = SimpleCookie(str(request.headers.get("cookie") or ""))
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in parsed.items()}


def _fields(raw: bytes, content_type: str) -> list[tuple[str, str]]:
    """Of a form; a file is read by the page that takes it."""
    if content_type.lower().startswith(_FILES):
        return parts_of(raw, content_type)
    try:
        return parse_qsl(raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=4000)
    except ValueError:
        raise BadRequest("unreadable_form", "This form can't be read.") from None


def _readable(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Without what is in the place of an id and can be none: it means nothing, as an id that nobody knows."""
    return [(name, text) for name, text in pairs if not text or not name.endswith(_IDS) or _ID.fullmatch(text)]


def _to_log_in(visit: Visit) -> GoTo:
    """And back afterwards. What was typed into a form waits meanwhile."""
    here = _with_query(visit)
    if visit.method == "GET":
        return GoTo(f"/login?{urlencode({'next': here})}")
    if visit.content_type.lower().startswith(_FILES):
        # Its owner still has the file; the page that takes it is at the same address.
        return GoTo(f"/login?{urlencode({'why': 'lost', 'next': here})}")
    fields = [(name, text) for name, text in visit.form.pairs if not any(word in name for word in _SECRET_WORDS)]
    owner = sessions.account_in(visit.cookies.get(SESSION_COOKIE, ""))
    secret = kept_posts.keep(kept_posts.Post(here, fields, owner), visit.source, visit.now) if fields else None
    if secret is None:
        return GoTo("/login?why=lost")
    max_age = int(kept_posts.KEPT_FOR.total_seconds())
    return GoTo("/login?why=kept&next=/continue", (answer.cookie(KEPT_COOKIE, secret, max_age),))


def _with_query(visit: Visit) -> str:
    query = urlencode(visit.query.pairs)
    return f"{visit.path}?{query}" if query else visit.path


def _problem(error: MusterError, visit: Visit | None) -> Response:
    """An error as a page, with what its reader can do next. Ours carry a number by which the log is found."""
    reference = new_id(clock[0]()) if error.status >= 500 else None
    if reference is not None:
        observability.failure("page failed", code=error.code, reference=reference)
    facts = {
        "error": error, "messages": [field.message for field in error.errors], "reference": reference,
        "is_other_list": any(field.code == "invalid_cursor" for field in error.errors),
        "path": visit.path if visit else "/",
        "above": site_map.above(visit.method, visit.path) if visit and visit.session else None,
        "msp": visit.msp_id if visit else None,
    }  # fmt: skip
    retry = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else None
    return answer.shown(Shown("problem.html", facts, error.status), navigation.of_problem(visit), retry)
