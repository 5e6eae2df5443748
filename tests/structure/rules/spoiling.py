"""What the spoiled templates share."""

from collections.abc import Callable
from typing import Any

from infra.rules.parts import Rule, Template

# What spoils a sound template, and the rule that says so.
Spoiled = list[tuple[Callable[[Template], None], Rule]]


def properties(template: Template, name: str) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][name]["Properties"]
    return found
