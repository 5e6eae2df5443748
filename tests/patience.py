"""Waiting in tests, however slow the machine is: a wait ends without success only when nothing moves any more."""

import time
import urllib.request
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

# Seconds for one request. Whatever answers runs on this machine and may be slow, but not as slow as this.
SILENCE = 300

# Schedules and sweeps, which come once a minute, leave up to four minutes in which nothing moves.
_IDLE_ASKS = 600
_PAUSE = 0.5


def until(ask: Callable[[], T], good: Callable[[T], bool], moving: Callable[[], object]) -> T:
    """Ask again until the answer is good.

    Gives up, with the last answer, after 600 answers during which neither they nor `moving()` changed.
    """
    last: tuple[T, object] | None = None
    num_idle = 0
    while True:
        answer = ask()
        if good(answer):
            return answer
        seen = (answer, moving())
        num_idle = num_idle + 1 if seen == last else 0
        assert num_idle < _IDLE_ASKS, f"nothing moves, and this is not as it should be: {answer}"
        last = seen
        time.sleep(_PAUSE)


def fetched(request: str | urllib.request.Request) -> tuple[bytes, Any]:
    """Body and headers. Raises urllib.error.HTTPError for statuses from 400 on."""
    with urllib.request.urlopen(request, timeout=SILENCE) as answer:
        return answer.read(), answer.headers
