"""The program in a pack runs with any Python from 3.8 on, which is what it promises to whoever has nothing else."""

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.reporting.evidence.pack import _VERIFIER
from tests.stories.driver import Driver
from tests.stories.reporting.evidence.packs import checked, made_pack, unpacked

OLDEST = (3, 8)
_NEWEST_KNOWN = 15

# Of the standard library in 3.8 and in the newest, and never only where something else was installed.
_STANDARD = {"base64", "hashlib", "hmac", "json", "re", "sys", "zipfile"}

_TOLD = "import sys; print(sys.version_info[0], sys.version_info[1]); print('\\n'.join(sys.path))"


def _others() -> Iterator[str]:
    """Interpreters of this machine, by their names, and those that pyenv keeps."""
    names = [f"python3.{minor}" for minor in range(OLDEST[1], _NEWEST_KNOWN)]
    yield from filter(None, map(shutil.which, names))
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from map(str, root.glob("versions/3.*/bin/python"))


def _by_version() -> dict[tuple[int, int], str]:
    """One of each version but ours. What does not start is none: pyenv leaves names of what it does not offer."""
    found: dict[tuple[int, int], str] = {}
    for python in _others():
        ran = subprocess.run([python, "-I", "-S", "-c", _TOLD], capture_output=True, text=True, check=False)
        if ran.returncode:
            continue
        version, *path = ran.stdout.splitlines()
        major, minor = map(int, version.split())
        assert not [place for place in path if place.endswith("-packages")], python
        if (major, minor) >= OLDEST and (major, minor) != sys.version_info[:2]:
            found.setdefault((major, minor), python)
    return found


def test_the_program_is_written_in_the_oldest_python_that_it_promises() -> None:
    text = _VERIFIER.read_text(encoding="utf-8")
    assert f"Python {OLDEST[0]}.{OLDEST[1]} and its standard library" in text
    tree = ast.parse(text, feature_version=OLDEST)
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert imported == _STANDARD
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]


def test_other_pythons_say_the_same_of_a_pack(driver: Driver, org: str, tmp_path: Path) -> None:
    pythons = _by_version()
    if not pythons:
        pytest.skip("this machine has no other Python")
    files = unpacked(made_pack(driver, org))
    tampered = {**files, "members.csv": files["members.csv"] + b"x"}
    whole, wrong = checked(tmp_path, files), checked(tmp_path, tampered)
    assert (whole[0], whole[1][-1], wrong[0]) == (0, "OK", 1)
    for version, python in sorted(pythons.items()):
        assert checked(tmp_path, files, python=python) == whole, version
        assert checked(tmp_path, tampered, python=python) == wrong, version
