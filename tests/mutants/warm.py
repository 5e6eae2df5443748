"""Runs tests again and again, each time in a new fork of a process that has imported all that is not ours.

    python warm.py SOCKET TEST...      serve until standard input ends; one run before, whose result is printed
    python warm.py ask SOCKET          one run: ends as pytest does

Most of a short run is imports. Our own modules are imported anew by each fork: one of them is changed. Only the first
run keeps what Python compiles: two changes within one second could leave a file that looks like the compiled one.
"""

import contextlib
import importlib
import os
import select
import signal
import socket
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

# MiniStack reads its environment when it is imported.
_IMPORTED_ANEW = ("app", "chalicelib", "infra", "tests", "conftest", "ministack", "__main__")


def ask(path: str) -> int:
    with socket.socket(socket.AF_UNIX) as asking:
        asking.connect(path)
        return int(asking.recv(16) or b"1")


def serve(path: str, tests: list[str]) -> None:
    import pytest

    sys.path.insert(0, os.getcwd())
    # Nobody reads what a run says.
    quick = ["--assert=plain", "-p", "no:cacheprovider", "-p", "no:unraisableexception"]
    arguments = ["-x", "-q", *quick, *tests]
    if all(test.startswith("tests/unit/") for test in tests):
        # They need no local cloud, which takes longer to import than they to run.
        arguments.append("--noconftest")
    # Hypothesis tries the same examples each time.
    os.environ["CI"] = "true"
    noted = Path(f"{path}.modules")

    def first() -> int:
        code = int(pytest.main(arguments))
        noted.write_text("\n".join(sys.modules))
        return code

    def again() -> int:
        sys.dont_write_bytecode = True
        return int(pytest.main(arguments))

    code = _ended(first, None)
    for name in noted.read_text().split("\n") if noted.exists() else ():
        if name.partition(".")[0] not in _IMPORTED_ANEW and name not in sys.modules:
            with contextlib.suppress(Exception), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                importlib.import_module(name)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        print(code, flush=True)
        while sys.stdin not in select.select([listening, sys.stdin], [], [])[0]:
            asking, _ = listening.accept()
            with asking, contextlib.suppress(BrokenPipeError):
                asking.sendall(str(_ended(again, asking)).encode())


def _ended(run: Callable[[], int], asking: socket.socket | None) -> int:
    """The result of `run` in a fork, which ends with whoever asked or served: a change may make a loop endless."""
    ends, lives = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.setsid()
            quiet = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(quiet, stream)
            code = run()
        finally:
            os._exit(code)
    os.close(lives)
    # The pipe ends with the last process that has it.
    if ends not in select.select([ends, sys.stdin, *([asking] if asking else [])], [], [])[0]:
        os.killpg(pid, signal.SIGKILL)
    os.close(ends)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    if sys.argv[1] == "ask":
        sys.exit(ask(sys.argv[2]))
    serve(sys.argv[1], sys.argv[2:])
