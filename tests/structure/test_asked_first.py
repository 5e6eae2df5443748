"""Pages that ask before something is done speak of what will happen, not of what has."""

import re
from pathlib import Path

import pytest

from chalicelib.portal.rendering import TEMPLATES

_ASKED = re.compile(r"{% call confirm\(.*?{% endcall %}", re.DOTALL)
_DONE = re.compile(r"\b(?:is|are|was|were) (?:archived|cancelled|logged|reached|recorded|removed|told|withdrawn)\b")

_ASKING = sorted(path for path in TEMPLATES.rglob("*.html") if _ASKED.search(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", _ASKING, ids=lambda path: path.stem)
def test_what_is_asked_for_has_not_happened_yet(path: Path) -> None:
    for asked in _ASKED.findall(path.read_text(encoding="utf-8")):
        assert _DONE.findall(asked) == []


def test_the_macros_of_such_pages_are_as_careful() -> None:
    macro = (TEMPLATES / "macros.html").read_text(encoding="utf-8").split("{% macro will_undo")[1]
    assert "will be withdrawn" in macro
    assert _DONE.findall(macro) == []
    assert len(_ASKING) > 12
