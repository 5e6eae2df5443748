"""HTML pages: a room's own templates over one layout, without scripts."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from chalicelib.core.addresses import shown_if_address
from chalicelib.core.errors import MusterError
from chalicelib.core.settings import settings

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_LAYOUT = Path(__file__).parent / "templates"

# Bold letters on a line of a screen of 320 px.
_FITS = 24


@dataclass(frozen=True)
class HtmlPage:
    """`retry_after` are seconds, for the header of that name."""

    html: str
    status: int = 200
    retry_after: int | None = None


@dataclass(frozen=True)
class Redirect:
    """303 to another page. `location` is its path, without that of the stage (`root`)."""

    location: str


def page(
    folder: Path, template: str, facts: dict[str, Any], status: int = 200, retry_after: int | None = None
) -> HtmlPage:
    """`folder` holds the room's templates; they extend `layout.html`, and their links begin with `root`."""
    return HtmlPage(_environment(folder).get_template(template).render(root=root(), **facts), status, retry_after)


def root() -> str:
    """What stands before the path of every page: that of the public address.

    Links from here work whether or not the address in the browser has a slash behind it.
    """
    return urlsplit(settings().public_url).path.rstrip("/")


def problem_page(error: MusterError) -> HtmlPage:
    """An error as a page. A form shows its own errors, beside its fields."""
    messages = [field.message for field in error.errors]
    facts = {"title": error.title, "detail": error.detail, "errors": messages}
    return page(_LAYOUT, "problem.html", facts, error.status, getattr(error, "retry_after", None))


def breakable(address: str) -> "Markup":
    """For narrow screens: an address that fills more than a line there may end one behind its @ or a dot."""
    from markupsafe import Markup, escape

    shown = str(shown_if_address(address))
    if len(shown) <= _FITS:
        return escape(shown)
    parts = re.split(r"(?<=[@.])", shown)
    return Markup("<wbr>").join(parts)


@lru_cache(maxsize=8)
def _environment(folder: Path) -> "Environment":
    # Slow to import, and few requests are for a page.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader([folder, _LAYOUT]), autoescape=True, finalize=shown_if_address,
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters["breakable"] = breakable
    return made
