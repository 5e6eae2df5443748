"""The layer of the function `certificates`: its libraries and fonts, too large for the package of all functions.

It is made once for each requirements-certificates.txt, in a minute, and kept.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from infra.artifact import MACHINES, foreign_code, is_like_lambda
from infra.packaging import ROOT, architecture, only_one

REQUIREMENTS = ROOT / "requirements-certificates.txt"

# Where Lambda looks for Python's modules in a layer.
_FOLDER = "python"

# What pip notes, which differs from time to time. Licences stay.
_DROPPED = ("__pycache__", "bin", "RECORD", "REQUESTED", "INSTALLER", "direct_url.json")

# A layer and a function's own package may have 250 MB together, unpacked.
MAX_BYTES = 200_000_000


def certificates_layer(home: Path, *, for_host: bool = False) -> Path:
    """The zip for Lambda, or `for_host` for this machine, which differs where this is another kind of machine.

    Its name holds a hash of what it is made from. Raises RuntimeError when a library has nothing for Lambda.
    """
    is_foreign = for_host and not is_like_lambda(architecture())
    kept = home.resolve() / "layers"
    kept.mkdir(parents=True, exist_ok=True)
    with only_one(kept / "lock"):
        file = kept / f"certificates-{_digest('host' if is_foreign else architecture())}.zip"
        if not file.exists():
            for old in kept.glob("certificates-*.zip"):
                old.unlink()
            with tempfile.TemporaryDirectory(dir=kept, prefix="making-") as making:
                _make(Path(making), file, is_foreign)
        return file


def _digest(target: str) -> str:
    digest = hashlib.sha256(f"{target} {sys.version_info[:2]}".encode())
    for source in (REQUIREMENTS, Path(__file__)):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _make(making: Path, file: Path, is_foreign: bool) -> None:
    folder, made = making / _FOLDER, making / "layer.zip"
    command = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"),
        *("--no-compile", "--only-binary", ":all:", "--target", str(folder), "-r", str(REQUIREMENTS)),
    ]
    if not is_foreign:
        command += ["--platform", f"manylinux2014_{MACHINES[architecture()][0]}", "--implementation", "cp"]
        command += ["--python-version", ".".join(map(str, sys.version_info[:2]))]
    done = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the layer of certificates could not be made:\n{done.stdout}{done.stderr}")
    _zip(folder, made)
    if not is_foreign and (foreign := foreign_code(made, architecture())):
        raise RuntimeError(f"Lambda's {architecture()} cannot run {', '.join(foreign)}")
    shutil.move(made, file)


def _zip(folder: Path, file: Path) -> None:
    """One date and order for all: the same libraries give the same zip."""
    with zipfile.ZipFile(file, "w") as written:
        for path in _kept(folder):
            name = (Path(_FOLDER) / path.relative_to(folder)).as_posix()
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            written.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=6)


def _kept(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not set(path.relative_to(folder).parts) & set(_DROPPED):
            yield path
