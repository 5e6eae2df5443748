"""Reads the parts of a Chalice request: the caller's identity, the query string, the form."""

from typing import Any
from urllib.parse import parse_qsl

from chalicelib.core.errors import BadRequest, FieldError, Forbidden, Invalid


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


def names_of(request: Any) -> tuple[str, str]:
    """First and last name of the account, empty when it has none."""
    claims = _claims(request)
    return str(claims.get("given_name") or ""), str(claims.get("family_name") or "")


def source_of(request: Any) -> str:
    """The IP address of the caller."""
    return str(((request.context or {}).get("identity") or {}).get("sourceIp") or "")


def content_type_of(request: Any) -> str:
    return (request.headers.get("content-type") or "").split(";")[0].strip().lower()


def query_of(request: Any) -> dict[str, str]:
    """The parameters of the query string. A repeated parameter is refused."""
    multi = request.query_params
    values: dict[str, str] = {}
    for name in multi if multi is not None else ():
        texts = multi.getlist(name)
        if len(texts) > 1:
            raise Invalid(FieldError(name, "repeated", "Give this parameter once."))
        values[name] = texts[0]
    return values


def form_of(body: bytes) -> dict[str, str]:
    """The fields of a page's form. A repeated field is refused."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=bool(body), errors="strict")
    except ValueError:
        raise BadRequest("unreadable_form", "The form cannot be read.") from None
    values = dict(pairs)
    if len(values) < len(pairs):
        raise BadRequest("unreadable_form", "A field of the form is there twice.")
    return values


def _claims(request: Any) -> dict[str, Any]:
    return ((request.context or {}).get("authorizer") or {}).get("claims") or {}
