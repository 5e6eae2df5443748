"""Try small changes of modules in a copy of this directory, and tell which of them no test noticed.

    python -m tests.mutants --tool DIRECTORY [--only PART_OF_A_NAME]... [--long] [--most NUMBER]

`--tool` is the directory of the Python that has cosmic-ray. Exits with 1 when tests fail without any change.
"""

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
_ROOT = _HERE.parent.parent
_WORK = _ROOT / ".muster" / "mutants"

# Changes of a large module: as many are chosen, the same ones each time.
_MOST = 60

# A change can make a loop endless. Seconds, beside several times what the tests take without any change.
_PATIENCE = 20

_CONFIG = """\
[cosmic-ray]
module-path = {module}
timeout = {timeout}
excluded-modules = []
test-command = {command}

[cosmic-ray.distributor]
name = "local"
"""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("--tool", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--most", type=int, default=_MOST)
    parser.add_argument("--tree", default="tree", help="a name of its own for a run beside another one")
    options = parser.parse_args(arguments)
    lists = tomllib.loads((_HERE / "modules.toml").read_text())
    tests_by_module = lists["short"] | (lists["long"] if options.long or options.only else {})
    chosen = {
        module: tests
        for module, tests in tests_by_module.items()
        if not options.only or any(part in module for part in options.only)
    }
    tree = _WORK / options.tree
    _copy(tree)
    tool = Tool(options.tool.absolute() / "python", tree, options.most)
    usable = [tool.tries(module, tests) for module, tests in chosen.items()]
    return 0 if all(usable) else 1


class Tool:
    def __init__(self, python: Path, tree: Path, most: int) -> None:
        self._python = python
        self._tree = tree
        self._most = most

    def tries(self, module: str, tests: list[str]) -> bool:
        """False when the tests fail without any change."""
        with _warm(self._tree, tests) as (command, seconds):
            if seconds is None:
                print(f"{module}: its tests fail without any change", flush=True)
                return False
            self._try_all(module, command, _PATIENCE + 5 * seconds)
        return True

    def _try_all(self, module: str, command: list[str], timeout: float) -> None:
        name = module.replace("/", ".").removesuffix(".py")
        config, session = (_WORK / f"{name}{end}" for end in (".toml", ".sqlite"))
        session.unlink(missing_ok=True)
        # JSON writes strings as TOML does.
        config.write_text(
            _CONFIG.format(module=json.dumps(module), timeout=timeout, command=json.dumps(shlex.join(command)))
        )
        self._run("init", config, session)
        num_all = int(self._run("choose", session, module, str(self._most)))
        self._run("exec", config, session)
        # Not what was left out, nor what the tool could not make.
        results = [result for result in _results(self._run("dump", session)) if result["worker_outcome"] == "normal"]
        alive = [result for result in results if result["test_outcome"] == "survived"]
        part = f" (chosen of {num_all})" if num_all > len(results) else ""
        print(f"{module}: {len(results) - len(alive)} of {len(results)} noticed{part}", flush=True)
        for result in alive:
            print(_indented(result["diff"]), flush=True)

    def _run(self, *parts: str | Path) -> str:
        return subprocess.run(
            [self._python, _HERE / "tool.py", *parts],
            cwd=self._tree, check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip


@contextmanager
def _warm(tree: Path, tests: list[str]) -> Iterator[tuple[list[str], float | None]]:
    """The command that runs the tests, and how long they take, in seconds; None when they fail."""
    warm = str(_HERE / "warm.py")
    with tempfile.TemporaryDirectory() as home:
        path = f"{home}/socket"
        began = time.monotonic()
        serving = subprocess.Popen(
            [sys.executable, warm, path, *tests],
            cwd=tree, env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert serving.stdin is not None
        assert serving.stdout is not None
        is_good = serving.stdout.readline() == b"0\n"
        try:
            yield [sys.executable, "-I", "-S", warm, "ask", path], time.monotonic() - began if is_good else None
        finally:
            serving.stdin.close()
            serving.wait()


def _copy(tree: Path) -> None:
    """What Git has or would take. The tool changes files in place, and never this directory's.

    What was copied before, and not changed since, stays: Python need not compile it again.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=_ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    names = {name for name in listed.split("\0") if name and (_ROOT / name).is_file()}
    for path in tree.rglob("*"):
        if path.is_file() and path.suffix != ".pyc" and str(path.relative_to(tree)) not in names:
            path.unlink()
    for name in names:
        here, there = _ROOT / name, tree / name
        if not there.exists() or _version(here) != _version(there):
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(here, there)


def _version(path: Path) -> tuple[int, int]:
    return path.stat().st_mtime_ns, path.stat().st_size


def _results(dump: str) -> Iterator[dict[str, Any]]:
    for line in dump.splitlines():
        _, result = json.loads(line)
        if result is not None:
            yield result


def _indented(diff: str) -> str:
    lines = [line for line in diff.splitlines() if line[:1] in "+-@" and line[:3] not in ("+++", "---")]
    return "\n".join(f"    {line}" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
