"""Pages that people open in a browser: a feature's own templates over one layout, without scripts."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.core.errors import MusterError

if TYPE_CHECKING:
    from jinja2 import Environment

_LAYOUT = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class HtmlPage:
    """`retry_after` are the seconds to wait, on a page that says so."""

    html: str
    status: int = 200
    retry_after: int | None = None


@dataclass(frozen=True)
class Redirect:
    """To another page, by GET. `location` may be relative to the page's own address."""

    location: str


def page(
    folder: Path, template: str, facts: dict[str, Any], status: int = 200, retry_after: int | None = None
) -> HtmlPage:
    """`folder` holds the feature's templates; they extend `layout.html`."""
    return HtmlPage(_environment(folder).get_template(template).render(facts), status, retry_after)


def problem_page(error: MusterError) -> HtmlPage:
    """An error as a person reads it; a form says its own, beside its fields."""
    messages = [field.message for field in error.errors]
    facts = {"title": error.title, "detail": error.detail, "errors": messages}
    return page(_LAYOUT, "problem.html", facts, error.status, getattr(error, "retry_after", None))


@lru_cache(maxsize=8)
def _environment(folder: Path) -> "Environment":
    # Heavy, and few requests are for a page.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader([folder, _LAYOUT]), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
