"""The house as a whole: small rooms, small files, and stores that hold every query and write."""

import re
from collections import Counter
from pathlib import Path
from statistics import median

from tests.structure.test_imports import GRAPH, MODELS, STORE, WINGS, layer_of

ROOT = Path(__file__).parent.parent.parent
FILES = sorted((ROOT / "chalicelib").rglob("*.py"))

MAX_FILES, MAX_LINES, MAX_MEDIAN = 25, 300, 100


def test_no_folder_is_so_full_that_a_newcomer_gets_lost() -> None:
    full = {str(folder): count for folder, count in Counter(file.parent for file in FILES).items() if count > MAX_FILES}
    assert full == {}


def test_no_file_is_so_long_that_it_holds_two_subjects() -> None:
    lines = {str(file): len(file.read_text(encoding="utf-8").splitlines()) for file in FILES}
    assert {file: count for file, count in lines.items() if count > MAX_LINES} == {}
    assert median(lines.values()) < MAX_MEDIAN


def test_stores_hold_every_query_and_write() -> None:
    modules = [
        module
        for wing in WINGS
        for module in sorted(GRAPH.find_descendants(f"chalicelib.{wing}"))
        if layer_of(module) not in (MODELS, STORE) and _talks_to_tables(module)
    ]
    assert modules == []


def test_no_test_takes_the_environment_of_its_own_world_away() -> None:
    """`monkeypatch.undo()` does, for the world's fixture sets it through the same monkeypatch."""
    tests = (file for file in (ROOT / "tests").rglob("*.py") if file != Path(__file__))
    assert [str(file) for file in tests if "monkeypatch.undo()" in file.read_text(encoding="utf-8")] == []


def _talks_to_tables(module: str) -> bool:
    """It reads, writes or builds conditions; to hand on a `Write` that a store gave is fine."""
    path = ROOT / Path(*module.split("."))
    file = path.with_suffix(".py") if not path.is_dir() else path / "__init__.py"
    text = file.read_text(encoding="utf-8")
    return bool(re.search(r"\btable\.(?!Action|Write)\w+\(|\bbulk\.\w+\(|\bWrite\(\"|\bloading\.\w+\(", text))
