"""Reads the parts of a Chalice request: the caller's identity, the query string, the form."""

import hmac
import re
from collections.abc import Container
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from chalicelib.core.errors import BadRequest, FieldError, Forbidden, Invalid
from chalicelib.core.settings import edge_key

# What the Accept header said, before Chalice was told that everything is accepted.
ASKED_FOR = "muster-accept"

_FILE_NAME = re.compile(rb"^content-disposition:[^\r\n]*;[ \t]*filename\*?=", re.IGNORECASE | re.MULTILINE)
_PART_NAME = re.compile(rb'^content-disposition:[^\r\n]*;[ \t]*name="([^"\r\n]*)"', re.IGNORECASE | re.MULTILINE)
_MAX_TEXT, _MAX_PARTS = 1000, 2000
_FILE_TYPE = re.compile(rb"^content-type:[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)


def account_id_of(request: Any) -> str:
    """The Cognito subject. Raises Forbidden for a token without an identity."""
    claims = _claims(request)
    # Access tokens pass the Cognito authorizer too when no scope is required, but carry no identity.
    if claims.get("token_use") != "id" or not claims.get("sub"):
        raise Forbidden("Send the ID token, not the access token.", "wrong_token")
    return str(claims["sub"])


def verified_email_of(request: Any) -> str | None:
    claims = _claims(request)
    return str(claims["email"]) if claims.get("email") and str(claims.get("email_verified")).lower() == "true" else None


def logged_in_at_of(request: Any) -> datetime | None:
    """When the person gave password or code, not when the token was refreshed."""
    text = str(_claims(request).get("auth_time") or "")
    return datetime.fromtimestamp(int(text), UTC) if text.isdecimal() and len(text) < 12 else None


def names_of(request: Any) -> tuple[str, str]:
    """First and last name of the account, empty when it has none."""
    claims = _claims(request)
    return str(claims.get("given_name") or ""), str(claims.get("family_name") or "")


def source_of(request: Any) -> str:
    """The IP address of the caller. Who came through the domain's distribution is named by it, and nobody else is."""
    key = edge_key()
    if key and hmac.compare_digest(str(request.headers.get("x-muster-edge") or "").encode(), key.encode()):
        return str(request.headers.get("x-muster-viewer") or "")
    return str(((request.context or {}).get("identity") or {}).get("sourceIp") or "")


def wants_json(request: Any) -> bool:
    """A browser names HTML; a program that names JSON alone gets that."""
    accepted = str(request.headers.get(ASKED_FOR) or "").lower()
    return "application/json" in accepted and "text/html" not in accepted


def content_type_of(request: Any) -> str:
    return str(request.headers.get("content-type") or "").strip()


def file_of(body: bytes, content_type: str) -> tuple[bytes, str]:
    """The uploaded file and its content type: the body itself, or the one file of a form (RFC 7578).

    Raises BadRequest for a form that cannot be read or has not exactly one file.
    """
    if content_type.split(";")[0].strip().lower() != "multipart/form-data":
        return body, content_type
    boundary = _parameter(content_type, "boundary")
    if not boundary:
        raise BadRequest("unreadable_form", "The form's Content-Type names no boundary.")
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("latin-1", "replace"))[1:]
    files = [(head, content) for head, _, content in (part.partition(b"\r\n\r\n") for part in parts) if _has_file(head)]
    if len(files) != 1:
        raise BadRequest("not_one_file", "Send exactly one file in the form.")
    head, content = files[0]
    kind = _FILE_TYPE.search(head)
    return content, kind[1].decode("latin-1").strip() if kind else ""


def parts_of(body: bytes, content_type: str) -> list[tuple[str, str]]:
    """The texts of a form with files, by name; longer ones than a kilobyte are none of ours. Raises BadRequest."""
    boundary = _parameter(content_type, "boundary")
    if not boundary:
        raise BadRequest("unreadable_form", "The form's Content-Type names no boundary.")
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("latin-1", "replace"))[1:]
    if len(parts) > _MAX_PARTS:
        raise BadRequest("unreadable_form", "This form has too many fields.")
    found = []
    for head, _, content in (part.partition(b"\r\n\r\n") for part in parts):
        name = _PART_NAME.search(head)
        if name and not _has_file(head) and len(content) <= _MAX_TEXT:
            found.append((name[1].decode("utf-8", "replace"), content.decode("utf-8", "replace")))
    return found


def _has_file(head: bytes) -> bool:
    return _FILE_NAME.search(head) is not None


def _parameter(header: str, name: str) -> str | None:
    match = re.search(rf';\s*{name}=(?:"([^"]*)"|([^;\s]*))', header, re.IGNORECASE)
    return (match[1] or match[2]) if match else None


def query_of(request: Any, known: Container[str] | None = None) -> dict[str, str]:
    """The parameters of the query string. A repeated one is refused, and those that are not `known` are left out.

    Mailers, social networks and translators add some of their own to the addresses of pages.
    """
    multi = request.query_params
    values: dict[str, str] = {}
    for name in multi if multi is not None else ():
        texts = multi.getlist(name)
        if known is not None and name not in known:
            continue
        if len(texts) > 1:
            raise Invalid(FieldError(name, "repeated", "This parameter is given more than once."))
        values[name] = texts[0]
    return values


def address_without_slash(request: Any) -> str | None:
    """Where a page is that was asked for with a slash behind its address, relative to that; None without a slash.

    The forms and links of a page lead elsewhere below such an address.
    """
    path = str((request.context or {}).get("path") or "")
    name = path.rstrip("/").rpartition("/")[2]
    if not path.endswith("/") or not name:
        return None
    multi = request.query_params
    query = urlencode([(key, text) for key in multi or () for text in multi.getlist(key)])
    return f"{'../' * (len(path) - len(path.rstrip('/')))}{quote(name)}{'?' if query else ''}{query}"


def form_of(body: bytes) -> dict[str, str]:
    """The fields of a page's form. A repeated field is refused."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=bool(body), errors="strict")
    except ValueError:
        raise BadRequest("unreadable_form", "This form can't be read.") from None
    values = dict(pairs)
    if len(values) < len(pairs):
        raise BadRequest("unreadable_form", "The form has the same field twice.")
    return values


def _claims(request: Any) -> dict[str, Any]:
    return ((request.context or {}).get("authorizer") or {}).get("claims") or {}
