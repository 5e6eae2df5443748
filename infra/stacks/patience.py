"""Waiting for what AWS does by itself: at a pace that it likes, and not for ever."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from infra.cloud import Cloud

T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """How often to ask and how long to wait, both in seconds; `sleep` takes seconds."""

    pause: float
    limit: float
    sleep: Callable[[float], None] = time.sleep

    def until(self, ask: Callable[[], T | None], what: str) -> T:
        """The first answer that is not None. Raises RuntimeError, which names `what` takes so long, past the limit."""
        for _ in range(round(self.limit / self.pause)):
            answer = ask()
            if answer is not None:
                return answer
            self.sleep(self.pause)
        raise RuntimeError(
            f"{what} takes more than {self.limit / 60:.0f} minutes. It goes on by itself: look at it in the "
            "CloudFormation console; the same command again waits for its end and goes on from there."
        )


def patience_with(cloud: Cloud) -> Patience:
    """A new index of a large table takes CloudFormation the better part of an hour; the local cloud takes seconds."""
    return Patience(0.3, 600) if cloud.is_local else Patience(5, 2 * 3600)
