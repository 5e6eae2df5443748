"""An evidence pack: asked for, taken apart, and checked by its own program."""

import io
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path

from tests.patience import fetched
from tests.stories.driver import Driver

Files = dict[str, bytes]


def anchor(driver: Driver) -> None:
    """The next day, at the minute of the hour at which the sweep looks."""
    driver.world.now = (driver.world.now + timedelta(days=1)).replace(minute=7)
    driver.sweep()
    driver.work()


def made_pack(driver: Driver, org: str, num_people: int = 2) -> bytes:
    started = driver.world.post(f"/orgs/{org}/audit/export", driver.admin)
    assert started.status == 202, started.text
    driver.work()
    export = driver.world.get(f"/orgs/{org}/audit/exports/{started.json['export_id']}", driver.admin).json
    assert (export["status"], export["num_rows"]) == ("ready", num_people), export
    return fetched(export["url"])[0]


def unpacked(pack: bytes) -> Files:
    archive = zipfile.ZipFile(io.BytesIO(pack))
    return {name: archive.read(name) for name in archive.namelist()}


def packed(path: Path, files: Files) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def checked(folder: Path, files: Files, *more: str, python: str = sys.executable) -> tuple[int, list[str]]:
    """What the pack's own program says, in a Python of its own that finds nothing but the standard library."""
    program = folder / "verify_evidence.py"
    program.write_bytes(files["verify_evidence.py"])
    pack = packed(folder / "pack.zip", files)
    ran = subprocess.run(
        [python, "-I", "-S", str(program), str(pack), *more], capture_output=True, text=True, check=False
    )
    assert ran.stderr == ""
    return ran.returncode, ran.stdout.splitlines()
