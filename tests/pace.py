"""Limits on the time that code takes, which hold on slow and busy machines, too."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

# What these limits are against takes minutes: work that grows with the square of what is sent, patterns that try for
# ever. And a machine may be busy with something else, in caches that both share.
_MARGIN = 5

# How long _work takes on the machine that the limits were set on.
_SECONDS_OF_WORK = 0.006


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """What is done within takes about this CPU time, and not many times as much; a slow machine is given more."""
    start = time.thread_time()
    yield
    spent = time.thread_time() - start
    if spent > _MARGIN * seconds:
        slowness = max(1, *(_measured() / _SECONDS_OF_WORK for _ in range(20)))
        assert spent <= _MARGIN * seconds * slowness, f"{spent:.1f} s of CPU, on a machine {slowness:.1f} times as slow"


def _measured() -> float:
    start = time.thread_time()
    _work()
    return time.thread_time() - start


def _work() -> int:
    words = [str(number) for number in range(40_000)]
    return sum(len(word) for word in sorted(words) if word.isdigit())
