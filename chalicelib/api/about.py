"""HTTP: health, and the documentation of the interface."""

import json
from typing import Any

from chalice.app import Response

from chalicelib.core.errors import MusterError, Unavailable
from chalicelib.core.settings import build, settings
from chalicelib.tenants.access import service as access
from chalicelib.web.routing import ROUTES, Call, Empty, Routes
from chalicelib.web.schemas import Health

routes = Routes("About Muster", __name__)


@routes.add("GET", "/health", summary="Which build runs, and whether it can work", answer=Health, public=True)
def health(call: Call[Empty, Empty]) -> Health:
    """503 when the table does not answer, with the same fields."""
    answer = Health(build=build(), stage=settings().stage, table_answers=True)
    try:
        access.entries("health")
    except MusterError as error:
        problem = Unavailable("table_unavailable", "The database isn't responding.")
        problem.extra.update(answer.model_copy(update={"table_answers": False}).model_dump())
        raise problem from error
    return answer


@routes.add("GET", "/openapi.json", summary="This interface as an OpenAPI document", answer=None, public=True)
def openapi(call: Call[Empty, Empty]) -> Response:
    return _ready(json.dumps(_document()), "application/json")


@routes.add(
    "GET", "/docs", summary="This interface as a page to read", answer=None, public=True, content_type="text/html"
)  # fmt: skip
def docs(call: Call[Empty, Empty]) -> Response:
    from chalicelib.web.docs_page import docs_page

    return _ready(docs_page(_document()), "text/html; charset=utf-8")


def _document() -> dict[str, Any]:
    # Only readers of the documentation need pydantic's schemas.
    from chalicelib.web.openapi import openapi_document

    return openapi_document(ROUTES)


def _ready(text: str, content_type: str) -> Response:
    headers: dict[str, str | list[str]] = {
        "Content-Type": content_type,
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return Response(text, headers)
