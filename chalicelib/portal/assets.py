"""The portal's files: style and scripts, under names that change with what is in them, so that browsers keep them."""

import hashlib
from functools import lru_cache
from pathlib import Path

from chalice.app import Response

FOLDER = Path(__file__).parent / "static"

_CSS, _SCRIPT = "text/css; charset=utf-8", "text/javascript"

# htmx and Swagger UI are put in while packaging (infra/pages.py). Pages work without them.
TYPES = {
    "portal.css": _CSS, "portal.js": _SCRIPT, "htmx.js": _SCRIPT, "docs.js": _SCRIPT, "swagger-ui.js": _SCRIPT,
    "swagger-ui.css": _CSS,
}  # fmt: skip


def exists(name: str) -> bool:
    return name in _names()


def hashed(name: str) -> str:
    return _names()[name]


def respond(hashed_name: str) -> Response | None:
    """None for a file that is not there, or is not there any more: its page is of an earlier build."""
    name = next((name for name, known in _names().items() if known == hashed_name), None)
    if name is None:
        return None
    headers: dict[str, str | list[str]] = {
        "Content-Type": TYPES[name],
        "Cache-Control": "public, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
    }
    return Response((FOLDER / name).read_text(encoding="utf-8"), headers, 200)


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    found = {}
    for name in TYPES:
        if (FOLDER / name).exists():
            stem, _, ending = name.partition(".")
            digest = hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:12]
            found[name] = f"{stem}-{digest}.{ending}"
    return found
