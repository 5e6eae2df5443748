"""Templates as the package has them: as bytecode in one file, which shows the same pages as the files do."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.portal import rendering
from infra import pages


@pytest.fixture
def packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    shutil.copytree(rendering.TEMPLATES, tmp_path / rendering.TEMPLATES.name)
    pages.translate(tmp_path)
    file = tmp_path / rendering.COMPILED.name
    monkeypatch.setattr(rendering, "COMPILED", file)
    rendering.environment.cache_clear()
    yield file
    rendering.environment.cache_clear()


def test_every_template_is_packed_and_loads(packed: Path) -> None:
    names = {str(file.relative_to(rendering.TEMPLATES)) for file in rendering.TEMPLATES.rglob("*.html")}
    assert len(names) > 40
    for name in names:
        assert rendering.environment().get_template(name).name == name
    # With columns, as this process compiles them; the package has them without, in half of it.
    assert packed.stat().st_size < 350_000


def test_a_packed_template_inherits_imports_and_escapes_like_its_file(packed: Path) -> None:
    from jinja2 import DictLoader, FileSystemLoader

    assert not isinstance(rendering.environment().loader, FileSystemLoader | DictLoader)
    source = '{% from "macros.html" import tag %}{{ tag("failed", 2, "<b>") }}'
    expected = rendering.new_environment(FileSystemLoader(rendering.TEMPLATES)).from_string(source).render()
    assert rendering.environment().from_string(source).render() == expected
    assert "&lt;b&gt;" in expected
