"""Write docs/openapi.json: `python -m infra.openapi`. A test fails while it differs from the routes."""

import json
from pathlib import Path

import app  # noqa: F401  (registers every route)
from chalicelib.web.openapi import openapi_document
from chalicelib.web.routing import ROUTES

DOCUMENT = Path(__file__).parent.parent / "docs" / "openapi.json"


def current() -> str:
    """The document as it should stand there."""
    return json.dumps(openapi_document(ROUTES), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(current(), encoding="utf-8")
