"""What the portal's pages need while packaging: htmx, and templates translated into Python."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from jinja2 import FileSystemLoader

from chalicelib.portal.rendering import COMPILED, TEMPLATES, new_environment

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements-pages.txt"

_HTMX = "django_htmx/static/django_htmx/htmx-2.min.js"
_PORTAL = Path("chalicelib/portal")


def scripts(home: Path) -> Path:
    """The folder that the wheel with htmx is unpacked in, once. pip checks the wheel by its hash.

    Without what it requires: nothing of it runs, one file is read.
    """
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:16]
    folder = home / f"scripts-{digest}"
    if not folder.exists():
        making = home / f"scripts-{digest}.making"
        shutil.rmtree(making, ignore_errors=True)
        command = [
            *(sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-deps"),
            *("--require-hashes", "--target", str(making), "-r", str(REQUIREMENTS)),
        ]
        subprocess.run(command, check=True)
        making.rename(folder)
    return folder


def prepare(project: Path, scripts: Path) -> None:
    """Complete a copy of the sources: htmx among the assets, templates as Python instead of their files."""
    shutil.copy(scripts / _HTMX, project / _PORTAL / "static" / "htmx.js")
    templates = project / _PORTAL / TEMPLATES.name
    environment = new_environment(FileSystemLoader(templates))
    environment.compile_templates(project / _PORTAL / COMPILED.name, zip=None, ignore_errors=False)
    shutil.rmtree(templates)
