"""The OpenAPI document as one HTML page, without scripts and without anything from other hosts."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.web.html import root

if TYPE_CHECKING:
    from jinja2 import Template

_TEMPLATES = Path(__file__).parent / "templates"


def docs_page(document: dict[str, Any]) -> str:
    operations_by_tag: dict[str, list[dict[str, Any]]] = {}
    for path, by_method in document["paths"].items():
        for method, operation in by_method.items():
            entry = {"description": "", **operation, "method": method.upper(), "path": path}
            operations_by_tag.setdefault(operation["tags"][0], []).append(entry)
    return _template().render(
        root=root(),
        info=document["info"],
        operations_by_tag=dict(sorted(operations_by_tag.items())),
        schemas=dict(sorted(document["components"]["schemas"].items())),
    )


@lru_cache(maxsize=1)
def _template() -> "Template":
    # Slow to import, and only this page needs it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["type_name"] = type_name
    return environment.get_template("docs.html")


def type_name(schema: dict[str, Any]) -> str:
    """A schema in a few words: `string (email)`, `array of GroupOut`, `"active" or "none"`."""
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[-1])
    if "const" in schema:
        return f'"{schema["const"]}"'
    if "enum" in schema:
        return " or ".join(f'"{value}"' for value in schema["enum"])
    for combined in ("anyOf", "oneOf", "allOf"):
        if combined in schema:
            return " or ".join(type_name(part) for part in schema[combined])
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        return f"array of {type_name(schema.get('items', {}))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {type_name(schema['additionalProperties'])}"
    return f"{kind} ({schema['format']})" if "format" in schema else kind
