"""P8: the CPU of a cold start, the package that is deployed against the one that Chalice makes of the same sources.

Each start is a process of its own: the handler's module, the services of its first event, and the first client.
It finds no bytecode that the package does not bring, and may not keep any, as on Lambda.
"""

import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from unittest.mock import patch

from infra import packaging
from infra.artifact import made_smaller
from tests.bench.figure import Figure

_NUM_ROUNDS = 5
_MAX_RATIO = 0.40
_MAX_MEGABYTES = 6
_PLAIN, _SHIPPED = "plain.zip", "deployment.zip"

# What each function does first: what its commonest event asks for, and the clients that it makes beside
# the first, which is DynamoDB's for all of them.
EVENTS = {
    "API": ("app.app; import chalicelib.web.idempotency", "sqs"),
    "worker": ("app.worker; app.jobs.work", "sqs"),
    "mailer": ("app.mailer; app.mails.mail_service()", "sqs ses"),
}
# As Lambda names them in `_HANDLER`.
HANDLERS = {"API": "app.app", "worker": "app.worker", "mailer": "app.mailer"}
_START = """
import resource, sys
sys.path.insert(0, {folder!r})
def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
before = cpu()
import app
from chalicelib.aws.clients import client
{services}
client('dynamodb')
first = cpu()
for name in {clients!r}.split():
    client(name)
print(first - before, cpu() - before)
"""
_SETTINGS = (
    "CORE_TABLE", "ENROLLMENTS_TABLE", "OUTBOX_TABLE", "JOBS_QUEUE_URL", "JOBS_QUEUE_ARN", "MAIL_QUEUE_URL",
    "SCHEDULE_GROUP", "SCHEDULER_ROLE_ARN", "USER_POOL_ID", "USER_POOL_CLIENT_ID",
    "FILES_BUCKET", "MAIL_FROM", "MAIL_CONFIGURATION_SET", "PUBLIC_URL",
)  # fmt: skip


@dataclass(frozen=True)
class Packages:
    """Both of the same sources, unpacked."""

    plain: Path
    shipped: Path


@dataclass(frozen=True)
class Started:
    """Seconds of CPU: up to the first client, and up to the last that the first event needs."""

    start: float
    event: float


def of_cold_starts(home: Path) -> Iterator[Figure]:
    made = _made(home)
    shipped, plain = ((made / name).stat().st_size / 1e6 for name in (_SHIPPED, _PLAIN))
    yield Figure("P8  zip, MB", shipped, _MAX_MEGABYTES)
    yield Figure("    zip as Chalice makes it, MB", plain)
    with tempfile.TemporaryDirectory() as scratch:
        packages = Packages(_unpacked(made / _PLAIN, scratch), _unpacked(made / _SHIPPED, scratch))
        for handler in EVENTS:
            yield from _of_handler(packages, handler)


def _of_handler(packages: Packages, handler: str) -> Iterator[Figure]:
    plain, shipped = [], []
    for _ in range(_NUM_ROUNDS):
        plain.append(_started(packages.plain, handler))
        shipped.append(_started(packages.shipped, handler))
    starts = [median(one.start for one in taken) for taken in (shipped, plain)]
    events = [median(one.event for one in taken) for taken in (shipped, plain)]
    yield Figure(f"P8  {handler}: CPU of a cold start over the plain package's", starts[0] / starts[1], _MAX_RATIO)
    yield Figure(f"    {handler}: the same with every client of its first event", events[0] / events[1])
    yield Figure(f"    {handler}: on this machine, CPU ms, as deployed", starts[0] * 1000)
    yield Figure(f"    {handler}: on this machine, CPU ms, plain", starts[1] * 1000)


def _made(home: Path) -> Path:
    """The folder with both zips; the plain one is what `chalice package` wrote before it is made smaller."""

    def keep_plain(file: Path) -> None:
        shutil.copy(file, file.with_name(_PLAIN))
        made_smaller(file)

    with patch.object(packaging, "made_smaller", keep_plain):
        return packaging.package("dev", home / "bench", for_host=True)


def _unpacked(file: Path, scratch: str) -> Path:
    folder = Path(scratch) / file.stem
    with zipfile.ZipFile(file) as archive:
        archive.extractall(folder)
    return folder


def _started(package: Path, handler: str) -> Started:
    """User and system, of the process's own usage; the interpreter's start is not among them."""
    services, clients = EVENTS[handler]
    code = _START.format(folder=str(package), services=services, clients=clients)
    return Started(*map(float, output_of(code, HANDLERS[handler]).split()))


def output_of(code: str, handler: str) -> str:
    """What a process prints that has nothing but Python itself and, like a function, its settings."""
    environment = {
        **dict.fromkeys(_SETTINGS, "bench"),
        "STAGE": "dev",
        "_HANDLER": handler,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    # -I and -S: neither this checkout nor what is installed here can help out. -B: no bytecode is kept.
    command = [sys.executable, "-I", "-S", "-B", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        raise RuntimeError(f"it does not start: {done.stderr}")
    return done.stdout
