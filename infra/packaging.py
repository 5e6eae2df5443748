"""Packaging: one merged template, `chalice package`, and a smaller zip that starts faster.

Everything is made from a copy of the sources, so that nobody's edits or bytecode get into the middle of it,
and kept under a digest of them, so that nothing is packaged twice.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from chalice.package import YAMLTemplateSerializer

from infra import pages
from infra.artifact import foreign_code, is_like_lambda, made_for_this_machine, made_smaller

ROOT = Path(__file__).resolve().parent.parent
STAGES = ("dev", "prod")

# Those that Lambda has, and all that ships has wheels for; docs/operations.md says until when. A function gets the one
# that packages it.
PYTHONS = ("3.11", "3.12", "3.13", "3.14")

# What Chalice's template is completed with; `chalice package` takes one file, so these are merged first.
TEMPLATE_PARTS = (
    "stage.yaml",
    "domain.yaml",
    "resources.yaml",
    "api.yaml",
    "functions.yaml",
    "code_mails.yaml",
    "alarms.yaml",
    "alarms_of_functions.yaml",
    "dashboard.yaml",
)

# What makes the package, beside what it is made from.
_MAKERS = (Path(__file__).resolve(), ROOT / "infra" / "artifact.py", ROOT / "infra" / "pages.py", pages.REQUIREMENTS)

_KEPT_SECONDS = 24 * 3600

# A function that lies in the template.
CODE_MAILS = ROOT / "infra" / "code_mails.py"

# Gateway responses are static text: the origin that browsers may call from is filled in here.
_ORIGIN_MARK = "<allowed-origin>"


def package(stage: str, home: Path, *, for_host: bool = False) -> Path:
    """Give the folder that holds `deployment.zip` and `sam.yaml` for the sources as they are now.

    It runs on Lambda; `for_host` on this machine, which makes a difference only where this is another kind of machine.
    Raises RuntimeError for a Python that Lambda does not have, and for libraries that have nothing for it.
    """
    if (python := ".".join(map(str, sys.version_info[:2]))) not in PYTHONS:
        raise RuntimeError(f"Lambda has Python {', '.join(PYTHONS)}, and this is {python}: make clean, then PYTHON=...")
    target = sysconfig.get_platform() if for_host and not is_like_lambda(architecture()) else "lambda"
    kept = home.resolve() / "packages"
    kept.mkdir(parents=True, exist_ok=True)
    with only_one(kept / "lock"):
        folder = kept / f"{stage}-{source_digest(stage, target)}"
        if folder.exists():
            return folder
        _forget_old(kept)
        with tempfile.TemporaryDirectory(dir=kept, prefix="making-") as making:
            made = _packaged(stage, Path(making), target)
            made.rename(folder)
        return folder


def source_digest(stage: str, target: str) -> str:
    """A hash of everything that decides the package."""
    digest = hashlib.sha256(f"{stage} {sys.version_info[:2]} {target}".encode())
    for file in [*_sources(), *_MAKERS]:
        digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def stage_settings(stage: str) -> dict[str, Any]:
    """What .chalice/config.json says of a stage."""
    settings: dict[str, Any] = _config()["stages"][stage]
    return settings


def architecture() -> str:
    """Lambda's name of the machine that functions run on: `x86_64` or `arm64`."""
    return str(_config()["lambda_architecture"])


def _config() -> dict[str, Any]:
    config: dict[str, Any] = json.loads((ROOT / ".chalice" / "config.json").read_text())
    return config


def _packaged(stage: str, making: Path, target: str) -> Path:
    project, made = making / "project", making / "package"
    for file in _sources():
        copied = project / file.relative_to(ROOT)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copied)
    pages.prepare(project, pages.scripts(making.parent))
    (project / "merge.yaml").write_text(yaml.safe_dump(_merged_parts(stage)))
    environment = {
        **os.environ,
        "AWS_DEFAULT_REGION": "us-east-1",
        "PYTHONDONTWRITEBYTECODE": "1",
        # What is built here instead is built against this machine's libraries, not against Lambda's.
        "PIP_ONLY_BINARY": ":all:",
    }
    command = [
        *(str(Path(sys.executable).with_name("chalice")), "package"),
        *("--stage", stage, "--merge-template", "merge.yaml", str(made)),
    ]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0 or not (made / "sam.yaml").exists():
        raise RuntimeError(f"chalice package failed:\n{done.stdout}{done.stderr}")
    # Chalice goes on without what it does not find.
    if "Could not install dependencies" in done.stdout + done.stderr:
        raise RuntimeError(f"a library has nothing for Lambda's {architecture()}:\n{done.stdout}{done.stderr}")
    file = made / "deployment.zip"
    if target != "lambda":
        made_for_this_machine(file)
    elif foreign := foreign_code(file, architecture()):
        raise RuntimeError(f"Lambda's {architecture()} cannot run {', '.join(foreign)}")
    made_smaller(file)
    return made


def _sources() -> list[Path]:
    files = [ROOT / "app.py", ROOT / "requirements.txt", ROOT / ".chalice" / "config.json"]
    files += [ROOT / "infra" / part for part in TEMPLATE_PARTS]
    files += sorted((ROOT / ".chalice").glob("policy-*.json"))
    files += sorted(p for p in (ROOT / "chalicelib").rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return files


def _merged_parts(stage: str) -> dict[str, Any]:
    origin = stage_settings(stage)["environment_variables"]["ALLOWED_ORIGIN"]
    merged: dict[str, Any] = {}
    for part in TEMPLATE_PARTS:
        text = (ROOT / "infra" / part).read_text().replace(_ORIGIN_MARK, origin)
        _merge(merged, YAMLTemplateSerializer().load_template(text, part))
    merged["Resources"]["CodeMails"]["Properties"]["Code"] = {"ZipFile": CODE_MAILS.read_text()}
    return merged


def _merge(into: dict[str, Any], more: dict[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        elif key in into:
            raise ValueError(f"{key} is said twice in the template's parts")
        else:
            into[key] = value


def _forget_old(kept: Path) -> None:
    """Each change of the sources leaves 6 MB here."""
    for folder in kept.iterdir():
        if folder.is_dir() and folder.stat().st_mtime < time.time() - _KEPT_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Two test processes that want the same package at once make it once."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
