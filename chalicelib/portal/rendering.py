"""Templates: from their files in a checkout, and in a package from the bytecode that they were translated to there."""

from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from zoneinfo import ZoneInfo

from chalicelib.core.addresses import shown_if_address
from chalicelib.core.clock import to_instant
from chalicelib.core.settings import build, portal_path
from chalicelib.portal import assets
from chalicelib.web.html import root

if TYPE_CHECKING:
    from jinja2 import BaseLoader, Environment

TEMPLATES = Path(__file__).parent / "templates"
# Made while packaging (infra/pages.py); Jinja would need 20 ms for each template at its first use.
COMPILED = Path(__file__).parent / "templates.xz"


def render(template: str, facts: dict[str, Any]) -> str:
    return str(environment().get_template(template).render(**facts))


@lru_cache(maxsize=1)
def environment() -> "Environment":
    from jinja2 import FileSystemLoader

    return new_environment(_packed() if COMPILED.exists() else FileSystemLoader(TEMPLATES))


def _packed() -> "BaseLoader":
    """Of bytecode, by the name of each template. It is our own, and of the Python that packaged it."""
    import lzma
    import marshal

    from jinja2 import BaseLoader, Environment, Template, TemplateNotFound

    codes: dict[str, CodeType] = marshal.loads(lzma.decompress(COMPILED.read_bytes()))  # noqa: S302

    class Packed(BaseLoader):
        def load(self, environment: Environment, name: str, globals: Any = None) -> Template:  # noqa: A002
            if name not in codes:
                raise TemplateNotFound(name)
            return environment.template_class.from_code(environment, codes[name], environment.make_globals(globals))

    return Packed()


def new_environment(loader: "BaseLoader") -> "Environment":
    """What these options say is translated into the templates: packaging uses the same."""
    from jinja2 import Environment, StrictUndefined

    made = Environment(
        loader=loader, autoescape=True, finalize=shown_if_address, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.globals |= {"asset": asset, "has_asset": assets.exists, "build": build, "portal": portal}
    made.filters |= {"number": number, "day": day, "instant": instant, "local": local, "words": words}
    made.filters |= {"query_pairs": query_pairs}
    return made


def portal(path: str, **query: Any) -> str:
    """The address of a page. What is None or empty is left out of the query."""
    given = [(name, str(value)) for name, value in query.items() if value not in (None, "")]
    address = f"{root()}{portal_path()}{path if path != '/' else ''}" or "/"
    return f"{address}{'?' if given else ''}{urlencode(given)}"


def asset(name: str) -> str:
    return f"{root()}{portal_path()}/assets/{assets.hashed(name)}"


def query_pairs(address: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(address).query)


def number(value: float) -> str:
    """12345 as 12,345."""
    return f"{int(value):,}"


def words(status: object) -> str:
    """A status as words: `access_denied` as "access denied"."""
    return str(status).replace("_", " ")


def day(value: date | str | None) -> str:
    """Mon 4 Jan 2027."""
    if not value:
        return ""
    given = value if isinstance(value, date) else date.fromisoformat(value)
    return f"{given:%a} {given.day} {given:%b %Y}"


def instant(value: str | datetime) -> str:
    """In UTC, and said so."""
    return local(value, "UTC")


def local(value: str | datetime, zone: str | None) -> str:
    """Mon 4 Jan 2027, 09:00 Europe/Berlin."""
    given = value if isinstance(value, datetime) else to_instant(value)
    there = given.astimezone(ZoneInfo(zone) if zone and zone != "UTC" else UTC)
    return f"{day(there.date())}, {there:%H:%M} {zone or 'UTC'}"
