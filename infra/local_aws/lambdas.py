"""Lambda of a small machine: a burst of requests waits for processes that there are, instead of starting one for each.

AWS starts an environment for each of twenty requests that come together. Here each would be a process that takes a
second of one of few processors.
"""

import importlib
import os
import time
from collections.abc import Callable
from typing import Any

# Processes of one function.
_AT_ONCE = (os.cpu_count() or 1) + 1
# Then one more is started after all: who holds the others may wait for this one. A request has 29 s.
_PATIENCE = 20.0
_PAUSE = 0.01


def mend() -> None:
    """To be called once, in the local cloud's process."""
    services: Any = importlib.import_module("ministack.services.lambda_svc")
    services.acquire_worker = _patiently(services.acquire_worker)


def _patiently(original: Callable[..., Any]) -> Callable[..., Any]:
    """Invocations run in threads of their own, so that a wait holds up nothing else."""

    def acquire(*function: Any, **version: Any) -> Any:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            worker, reason = original(*function, **version, max_concurrency=_AT_ONCE)
            if worker is not None:
                return worker, reason
            time.sleep(_PAUSE)
        return original(*function, **version)

    return acquire
