"""Try small changes of modules in a copy of this directory, and tell which of them no test noticed.

    python -m tests.mutants --tool DIRECTORY [--only PART_OF_A_NAME]... [--long]

`--tool` is the directory of cosmic-ray's program. Exits with 1 when tests fail without any change.
"""

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
_ROOT = _HERE.parent.parent
_WORK = _ROOT / ".muster" / "mutants"

# Seconds: a change can make a loop endless. The tests of the long list need minutes.
_TIMEOUT, _LONG_TIMEOUT = 60, 600

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
    options = parser.parse_args(arguments)
    lists = tomllib.loads((_HERE / "modules.toml").read_text())
    tests_by_module = lists["short"] | (lists["long"] if options.long or options.only else {})
    num_unusable = 0
    for module, tests in tests_by_module.items():
        if not options.only or any(part in module for part in options.only):
            timeout = _TIMEOUT if module in lists["short"] else _LONG_TIMEOUT
            num_unusable += not _try(options.tool.absolute() / "cosmic-ray", module, tests, timeout)
    return 1 if num_unusable else 0


def _try(tool: Path, module: str, tests: list[str], timeout: int) -> bool:
    """False when the tests fail without any change."""
    name = module.replace("/", ".").removesuffix(".py")
    tree, config, session = (_WORK / f"{name}{end}" for end in ("", ".toml", ".sqlite"))
    _copy(tree)
    session.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    # JSON writes strings as TOML does.
    config.write_text(
        _CONFIG.format(module=json.dumps(module), timeout=timeout, command=json.dumps(shlex.join(command)))
    )
    # Two changes within one second can leave a file that Python takes for the one it has compiled.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}

    def run(*parts: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run([tool, *parts], cwd=tree, env=environment, capture_output=True, text=True)

    if run("baseline", config).returncode:
        print(f"{module}: its tests fail without any change", flush=True)
        return False
    run("init", config, session).check_returncode()
    run("exec", config, session).check_returncode()
    results = list(_results(run("dump", session).stdout))
    alive = [result for result in results if result["test_outcome"] == "survived"]
    print(f"{module}: {len(results) - len(alive)} of {len(results)} noticed", flush=True)
    for result in alive:
        print(_indented(result["diff"]), flush=True)
    shutil.rmtree(tree)
    return True


def _copy(tree: Path) -> None:
    """What Git has or would take. The tool changes files in place, and never this directory's."""
    shutil.rmtree(tree, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=_ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (_ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(_ROOT / name, tree / name)


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
