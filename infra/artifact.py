"""Make the zip that Chalice wrote smaller and faster to start, without changing what it does; and see that it runs.

A function cannot keep bytecode, so that Python would compile every module again at each cold start; and
botocore brings the descriptions of 400 services where Muster speaks to a handful. Only the bytecode ships:
a stack trace names file and line, and the build that /health tells says which source that is. 23 MB become 6.
"""

import gzip
import json
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Set
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

# Every service that chalicelib makes a client for; tests/structure compares them.
KEPT_SERVICES = ("cognito-idp", "dynamodb", "kms", "lambda", "s3", "scheduler", "ses", "sqs")

_OURS = ("app.py", "chalicelib")

# What a running function never reads: type stubs, what pip noted, examples beside service descriptions; and
# parts of libraries that nothing imports, each checked by a test that imports the whole application from the zip.
_DROPPED = (
    "**/*.pyi",
    "*.dist-info",
    "botocore/data/**/examples-1.json",
    "charset_normalizer/*.so",  # the same modules compiled: faster on texts that are longer than a sample of names
    "charset_normalizer/cli",
    "dateutil/zoneinfo/*.tar.gz",  # time zones come from tzdata
    "dns",  # email-validator asks the DNS only where deliverability is to be checked
    "icalendar/cli.py",
    "icalendar/tests",
    "jinja2/meta.py",
    "jinja2/nativetypes.py",
    "jinja2/sandbox.py",
    "pydantic/color.py",
    "pydantic/experimental",
    "pydantic/mypy.py",
    "pydantic/v1",
    "tzdata/zoneinfo/*.tab",  # lists of places, and all rules as one text; zones are read one by one
    "tzdata/zoneinfo/tzdata.zi",
    "tzdata/zoneinfo/leap*",
    "urllib3/contrib/emscripten",
    "urllib3/contrib/pyopenssl.py",
    "aws_lambda_powertools/event_handler",
    "aws_lambda_powertools/utilities/data_*",
    "aws_lambda_powertools/utilities/[abcfikps]*",  # all but what the logger needs
)
# The one library that asks for its own version when it is imported.
_KEPT = ("python_ulid-*.dist-info",)


# By Lambda's name: what Linux and its wheels call the machine, and the number of it in a compiled file's head (ELF).
MACHINES = {"x86_64": ("x86_64", 62), "arm64": ("aarch64", 183)}
_COMPILED = re.compile(r"\.(so|dylib|pyd)$")


def made_smaller(file: Path) -> None:
    """Rewrite the zip: without what is not needed, and with bytecode for every module."""
    with _rewritten(file) as folder:
        _drop(folder)
        _compile(folder)


def is_like_lambda(architecture: str) -> bool:
    """Whether this machine runs what is compiled for Lambda's `architecture`: no Mac does, nor Linux without glibc."""
    is_linux = sys.platform == "linux" and platform.libc_ver()[0] == "glibc"
    return is_linux and platform.machine() == MACHINES[architecture][0]


def made_for_this_machine(file: Path) -> None:
    """Rewrite the zip of Chalice: with this environment's own copies of the libraries that are compiled."""
    with _rewritten(file) as folder:
        for record in folder.glob("*.dist-info/RECORD"):
            paths = [line.partition(",")[0] for line in record.read_text().splitlines()]
            if any(_COMPILED.search(path) for path in paths):
                _replace(folder, paths, record.parent.name.partition("-")[0])


def foreign_code(file: Path, architecture: str) -> list[str]:
    """What in the zip is compiled for another machine than Lambda's `architecture`, or for another Python than this."""
    head = b"\x7fELF", MACHINES[architecture][1].to_bytes(2, "little")
    version = f"cpython-3{sys.version_info.minor}-"
    with zipfile.ZipFile(file) as given:
        return [
            name
            for name in given.namelist()
            if _COMPILED.search(name)
            if (given.read(name)[:4], given.read(name)[18:20]) != head
            or ("cpython-" in Path(name).name and version not in Path(name).name)
        ]


def _replace(folder: Path, paths: list[str], name: str) -> None:
    for path in paths:
        (folder / path).unlink(missing_ok=True)
    for found in metadata.distribution(name).files or []:
        source, target = Path(str(found.locate())), folder / found
        # What lies outside are commands, which no function calls.
        if ".." not in found.parts and "__pycache__" not in found.parts and source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)


@contextmanager
def _rewritten(file: Path) -> Iterator[Path]:
    """What is in the zip, to be changed."""
    with tempfile.TemporaryDirectory(dir=file.parent, prefix="unpacked-") as unpacked:
        folder = Path(unpacked)
        with zipfile.ZipFile(file) as given:
            given.extractall(folder)
        yield folder
        _zip(folder, file)


def _drop(folder: Path) -> None:
    for pattern in _DROPPED:
        for path in list(folder.glob(pattern)):
            if any(path.match(kept) for kept in _KEPT):
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for service in (folder / "botocore" / "data").iterdir():
        if service.is_dir() and service.name not in KEPT_SERVICES:
            shutil.rmtree(service)
    descriptions = (folder / "botocore" / "data").glob("*/*/service-2.json.gz")
    prefixes = {_undocument(description) for description in descriptions}
    _keep_endpoints(folder / "botocore" / "data" / "endpoints.json", prefixes)


def _undocument(description: Path) -> str:
    """Six sevenths of a service's description are its documentation, which every first client would read as well.

    Gives the service's name in endpoints.json.
    """
    told = json.loads(gzip.decompress(description.read_bytes()), object_hook=_undocumented)
    # Without a time, so that the same description gives the same file.
    description.write_bytes(gzip.compress(json.dumps(told, separators=(",", ":")).encode(), mtime=0))
    return str(told["metadata"]["endpointPrefix"])


def _keep_endpoints(file: Path, prefixes: Set[str]) -> None:
    """Every session reads the endpoints of all services, a megabyte; clients are made for a handful."""
    told = json.loads(file.read_text())
    for partition in told["partitions"]:
        services = partition["services"]
        partition["services"] = {name: services[name] for name in services if name in prefixes}
    file.write_text(json.dumps(told, separators=(",", ":")))


def _undocumented(part: dict[str, Any]) -> dict[str, Any]:
    """Empty rather than gone: botocore copies that of some parameters. A member that is called so is no text."""
    return {name: "" if name == "documentation" and isinstance(value, str) else value for name, value in part.items()}


def _compile(folder: Path) -> None:
    """Unchecked hashes (PEP 552): all times in the package are 1980, by which ordinary bytecode would be stale."""
    ours = [str(folder / name) for name in _OURS]
    theirs = [str(path) for path in folder.iterdir() if path.name not in _OURS]
    # Of libraries the docstrings do not ship either: they are a fifth of the bytecode. Ours may be read by pydantic.
    for paths, more in ((ours, ["-b"]), (theirs, ["-b", "-o", "2"])):
        command = [
            # Without columns, which mark the place in a line of a stack trace: an eighth of the bytecode.
            *(sys.executable, "-X", "no_debug_ranges", "-m", "compileall", "-q", "-j", "2"),
            *("--invalidation-mode", "unchecked-hash"),
            *("-s", str(folder), "-p", "/var/task", *more, *paths),
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    for path in [*theirs, *ours]:
        for source in [*Path(path).rglob("*.py"), Path(path)]:
            # What did not compile keeps its source.
            if source.suffix == ".py" and source.with_suffix(".pyc").exists():
                source.unlink()


def _zip(folder: Path, file: Path) -> None:
    """One date and order for all: the same sources give the same zip, and so no new version of a function."""
    with zipfile.ZipFile(file, "w") as written:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), (1980, 1, 1, 0, 0, 0))
                entry.external_attr = 0o644 << 16
                written.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=9)
