"""What the portal's pages need while packaging: htmx, Swagger UI, and templates translated into bytecode.

python -X no_debug_ranges -m infra.pages FOLDER    translates the templates of a copy of the sources
"""

import hashlib
import lzma
import marshal
import shutil
import subprocess
import sys
from pathlib import Path

from jinja2 import FileSystemLoader

from chalicelib.portal.rendering import COMPILED, TEMPLATES, new_environment

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements-pages.txt"

_SWAGGER = "drf_spectacular_sidecar/static/drf_spectacular_sidecar/swagger-ui-dist"

# Files of others, and their names among the portal's. Apache's licence has to go along with what is under it.
_TAKEN = {
    "django_htmx/static/django_htmx/htmx-2.min.js": "htmx.js",
    f"{_SWAGGER}/swagger-ui-bundle.js": "swagger-ui.js",
    f"{_SWAGGER}/swagger-ui.css": "swagger-ui.css",
    f"{_SWAGGER}/LICENSE": "swagger-ui.LICENSE.txt",
}
_PORTAL = Path("chalicelib/portal")


def scripts(home: Path) -> Path:
    """The folder that the wheels with scripts are unpacked in, once. pip checks each by its hash.

    Without what they require: nothing of them runs, some files are read.
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
    """Complete a copy of the sources: scripts of others among the portal's files, its templates as bytecode."""
    for taken, name in _TAKEN.items():
        shutil.copy(scripts / taken, project / _PORTAL / "static" / name)
    # In a process of its own: whether code has its columns is decided at the start of one.
    command = [sys.executable, "-X", "no_debug_ranges", "-m", "infra.pages", str(project / _PORTAL)]
    subprocess.run(command, cwd=ROOT, check=True)
    shutil.rmtree(project / _PORTAL / TEMPLATES.name)


def translate(portal: Path) -> None:
    """All templates in one file: they have so much in common that each of its own would take four times the room."""
    environment = new_environment(FileSystemLoader(portal / TEMPLATES.name))
    codes = {}
    for name in environment.list_templates():
        source = (portal / TEMPLATES.name / name).read_text(encoding="utf-8")
        codes[name] = environment.compile(source, name, f"{_PORTAL / TEMPLATES.name / name}")
    packed = lzma.compress(marshal.dumps(codes), preset=9 | lzma.PRESET_EXTREME)
    (portal / COMPILED.name).write_bytes(packed)


if __name__ == "__main__":
    translate(Path(sys.argv[1]))
