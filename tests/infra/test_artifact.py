"""What is compiled in the zip: for the machine and the Python that it will run on."""

import platform
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from infra import artifact, packaging
from infra.artifact import foreign_code, is_like_lambda, made_for_this_machine
from infra.packaging import package

MACHINE = {"x86_64": b"\x3e\x00", "arm64": b"\xb7\x00"}
OURS = f"cpython-3{sys.version_info.minor}"


def compiled(architecture: str = "x86_64", magic: bytes = b"\x7fELF") -> bytes:
    """The head of a compiled file."""
    return magic + bytes(14) + MACHINE[architecture] + bytes(44)


def zipped(folder: Path, files: dict[str, bytes]) -> Path:
    file = folder / "deployment.zip"
    with zipfile.ZipFile(file, "w") as written:
        for name, body in files.items():
            written.writestr(name, body)
    return file


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_code_for_lambda_is_not_foreign(tmp_path: Path, architecture: str) -> None:
    names = [f"core/_core.{OURS}-{artifact.MACHINES[architecture][0]}-linux-gnu.so", "x/any.abi3.so", "x/libz.so"]
    files = {name: compiled(architecture) for name in names} | {"app.py": b"print()"}
    assert foreign_code(zipped(tmp_path, files), architecture) == []


def test_code_for_another_machine_or_python_is_foreign(tmp_path: Path) -> None:
    files = {
        f"a/arm.{OURS}-aarch64-linux-gnu.so": compiled("arm64"),
        f"a/mac.{OURS}-darwin.so": compiled(magic=b"\xcf\xfa\xed\xfe"),
        "a/old.cpython-38-x86_64-linux-gnu.so": compiled(),
        f"a/good.{OURS}-x86_64-linux-gnu.so": compiled(),
    }
    assert foreign_code(zipped(tmp_path, files), "x86_64") == list(files)[:3]


def test_on_another_machine_the_environment_s_own_libraries_are_packed(tmp_path: Path) -> None:
    """As when this machine were a Mac: what Chalice fetched for Lambda is of no use to it."""
    name = "markupsafe-1.0.dist-info"
    fetched = "markupsafe/_speedups.cpython-38-elsewhere.so"
    record = f"{fetched},sha256=x,1\nmarkupsafe/__init__.py,,\n{name}/RECORD,,\n".encode()
    plain = {"plain/__init__.py": b"plain = 1", "plain-1.0.dist-info/RECORD": b"plain/__init__.py,,\n"}
    file = zipped(
        tmp_path, {fetched: compiled("arm64"), "markupsafe/__init__.py": b"", f"{name}/RECORD": record, **plain}
    )

    made_for_this_machine(file)

    own = {str(path) for path in metadata.files("markupsafe") or [] if path.suffix in (".so", ".py")}
    with zipfile.ZipFile(file) as packed:
        names = set(packed.namelist())
        assert packed.read("plain/__init__.py") == b"plain = 1"
        assert packed.read("markupsafe/__init__.py") != b""
    assert own <= names
    assert fetched not in names
    # Commands lie outside of the libraries.
    assert not any(name.startswith("..") for name in names)


@pytest.mark.parametrize(
    ("system", "machine", "libc", "runs"),
    [
        ("linux", "x86_64", "glibc", ["x86_64"]),
        ("linux", "aarch64", "glibc", ["arm64"]),
        ("linux", "x86_64", "", []),
        ("darwin", "arm64", "", []),
        ("darwin", "x86_64", "", []),
    ],
)
def test_which_machines_are_like_lambda(
    system: str, machine: str, libc: str, runs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(platform, "libc_ver", lambda: (libc, ""))
    assert [architecture for architecture in artifact.MACHINES if is_like_lambda(architecture)] == runs


@pytest.mark.parametrize(("like_lambda", "same"), [(True, True), (False, False)])
def test_only_another_kind_of_machine_gets_a_package_of_its_own(
    like_lambda: bool, same: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packaging, "is_like_lambda", lambda architecture: like_lambda)
    monkeypatch.setattr(packaging, "_packaged", lambda stage, making, target: _made(making))
    assert (package("dev", tmp_path) == package("dev", tmp_path, for_host=True)) is same


def _made(making: Path) -> Path:
    made = making / "package"
    made.mkdir()
    return made


@pytest.mark.parametrize("version", [(3, 10, 0), (3, 15, 0)])
def test_a_python_that_lambda_does_not_have_is_refused(
    version: tuple[int, int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packaging.sys, "version_info", version)
    with pytest.raises(RuntimeError, match=r"Lambda has Python 3\.11, .* this is 3\.1[05]"):
        package("dev", tmp_path)


def chalice_says(monkeypatch: pytest.MonkeyPatch, text: str, files: dict[str, bytes]) -> dict[str, str]:
    """Stands in for Chalice, which makes a zip of `files`; gives the environment that it found."""
    found: dict[str, str] = {}

    def run(command: list[str], **more: object) -> subprocess.CompletedProcess[str]:
        environment = more["env"]
        assert isinstance(environment, dict)
        found.update(environment)
        made = Path(command[-1])
        made.mkdir()
        (made / "sam.yaml").touch()
        zipped(made, files)
        return subprocess.CompletedProcess(command, 0, text, "")

    monkeypatch.setattr(packaging.subprocess, "run", run)
    monkeypatch.setattr(packaging.pages, "scripts", lambda home: home)
    monkeypatch.setattr(packaging.pages, "prepare", lambda project, scripts: None)
    return found


def test_a_library_that_has_nothing_for_lambda_stops_the_packaging(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chalice only says so and goes on; and what it would build itself may not run there."""
    found = chalice_says(monkeypatch, "\nCould not install dependencies:\npydantic-core==2.46.5\n", {})
    with pytest.raises(RuntimeError, match=r"(?s)nothing for Lambda's x86_64:.*pydantic-core"):
        package("dev", tmp_path)
    assert found["PIP_ONLY_BINARY"] == ":all:"


def test_foreign_code_stops_the_packaging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chalice_says(monkeypatch, "", {f"a/arm.{OURS}-aarch64-linux-gnu.so": compiled("arm64")})
    with pytest.raises(RuntimeError, match="x86_64 cannot run a/arm"):
        package("dev", tmp_path)
