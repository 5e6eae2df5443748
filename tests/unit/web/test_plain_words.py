"""No page, mail or explanation reads translated (issue 10, 5): phrases that did are not written again."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

CHALICELIB = Path(__file__).parents[3] / "chalicelib"
TRANSLATED = re.compile(
    r"\bgo(es)? on (to|with|by|where)\b|\bgo on\b[.<]|[Ll]ook into|\bgood (for \d|until)|Understood, but"
    r"|state of things|Slow down|\b(is|are) there\.|all the same|\bmeanwhile\b|\b(is|are) no \w+ any more"
    r"|Who (has|had) no|gets none|\bwhom\b|[Ss]omebody|[Ee]verybody|[Aa]nybody|[Aa]s in [A-Z]|Empty: |being made"
    r"|\bany more[.,]|\bMade on\b|\bMake (an? |the )?[a-z]",
)
_OF_THE_INTERFACE = {"description", "summary"}
# In templates: comments, what Jinja computes, and tags are no words; texts within quotation marks are.
_NO_WORDS = re.compile(r"\{#.*?#\}|</?[a-z][^<>{}]*>|[a-z_]+=\"[a-z_ -]*\"", re.DOTALL)


def _texts() -> Iterator[tuple[str, str]]:
    for path in sorted(CHALICELIB.rglob("*")):
        name = str(path.relative_to(CHALICELIB))
        if path.suffix == ".html" or "notifications/mails" in name:
            if path.is_file():
                yield name, _NO_WORDS.sub(" ", path.read_text(encoding="utf-8"))
        elif path.suffix == ".toml" and path.name != "headings.toml":
            lines = path.read_text(encoding="utf-8").splitlines()
            yield name, "\n".join(line for line in lines if not line.startswith(("#", "[")))


def _sentences() -> Iterator[tuple[str, str]]:
    """Of the code: what is no docstring and no description of the interface, and is written like a sentence."""
    for path in sorted(CHALICELIB.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        # What stands alone is a docstring, and a route's description has its name before it.
        passed = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]
        passed += [one.value for one in ast.walk(tree) if isinstance(one, ast.keyword) and one.arg in _OF_THE_INTERFACE]
        not_shown = {
            id(part) for node in passed if isinstance(node, ast.Constant | ast.JoinedStr) for part in ast.walk(node)
        }
        shown = [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in not_shown
        ]
        sentences = [text for text in shown if text.count(" ") >= 2 and text.rstrip()[-1:] in ".?!"]
        if sentences:
            yield str(path.relative_to(CHALICELIB)), "\n".join(sentences)


TEXTS = [*_texts(), *_sentences()]


def test_the_walk_finds_pages_mails_and_sentences() -> None:
    assert len(TEXTS) > 250
    assert "Choose another." in dict(TEXTS)["people/join_page/settings.py"]


@pytest.mark.parametrize(("name", "text"), TEXTS, ids=[name for name, _ in TEXTS])
def test_nothing_reads_translated(name: str, text: str) -> None:
    found = [text[max(0, one.start() - 40) : one.end() + 40] for one in TRANSLATED.finditer(text)]
    assert found == []
