"""docs/limits.md says the numbers that the code goes by, and every one that stops people who are not logged in."""

import ast
import re
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from infra.packaging import ROOT

_ROW = re.compile(
    r"^\| (?P<what>[^|]+) \| (?P<number>[\d,]*) \| (?P<length>[^|]*) \| (?P<where>[^|]+) \|$", re.MULTILINE
)
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}


def rows() -> Iterator[tuple[str, str, str, list[str]]]:
    for row in _ROW.finditer((ROOT / "docs" / "limits.md").read_text(encoding="utf-8")):
        yield row["what"], row["number"].strip(), row["length"].strip(), re.findall(r"`([\w.]+)`", row["where"])


def _value(where: str) -> Any:
    module, _, name = where.rpartition(".")
    return getattr(import_module(f"chalicelib.{module}"), name)


def _length(text: str) -> timedelta:
    number, unit = text.split()
    return int(number) * _UNITS[unit.removesuffix("s")]


@pytest.mark.parametrize(("what", "number", "length", "places"), [pytest.param(*row, id=row[0]) for row in rows()])
def test_a_limit_is_as_the_document_says(what: str, number: str, length: str, places: list[str]) -> None:
    said = ([int(number.replace(",", ""))] if number else []) + ([_length(length)] if length else [])
    assert said
    assert [_value(where) for where in places] == said


def _taken() -> Iterator[tuple[str, str]]:
    """Module and name of each number that `rate_limits.take` is called with."""
    for file in sorted((ROOT / "chalicelib").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "rate_limits.take":
                module = ".".join(file.relative_to(ROOT / "chalicelib").with_suffix("").parts)
                yield from ((module, ast.unparse(number)) for number in node.args[2:4])


def test_every_rate_limit_is_in_the_document() -> None:
    taken = {f"{module}.{name}" for module, name in _taken()}
    assert len(taken) >= 9
    assert taken - {where for *_, places in rows() for where in places} == set()


def test_the_operator_is_told_where_the_limits_are() -> None:
    assert "(limits.md)" in Path(ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
