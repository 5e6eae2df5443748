"""Chance, the same in each run: ids and secrets are drawn from a seed, so that equal beginnings have equal ends."""

import hashlib
import os
import random
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import botocore.handlers
import pytest
import ulid

from chalicelib.tenants.audit import log as audit

_by_the_system = os.urandom


class _OfNoConsequence:
    """In place of the module `uuid` for what is in no state: calls that are repeated would shift all that follows."""

    @staticmethod
    def uuid4() -> uuid.UUID:
        return uuid.UUID(bytes=_by_the_system(16), version=4)


@dataclass(frozen=True)
class Position:
    """Where chance stands: what was drawn from which seed, and the latest id, which those of its instant follow."""

    seed: bytes
    num_drawn: int = 0
    last_instant: int = ulid.constants.MIN_TIMESTAMP
    last_drawn: bytes = ulid.constants.MIN_RANDOMNESS


class Chance:
    """What the operating system draws. Nothing is drawn twice from one seed."""

    def __init__(self) -> None:
        self._seed, self._num_drawn = b"", 0
        self._ids = ulid.StrictMonotonicPolicy()

    @property
    def position(self) -> Position:
        return Position(self._seed, self._num_drawn, self._ids.prev_timestamp, self._ids.prev_randomness)

    @position.setter
    def position(self, to: Position) -> None:
        self._seed, self._num_drawn = to.seed, to.num_drawn
        self._ids.prev_timestamp, self._ids.prev_randomness = to.last_instant, to.last_drawn

    def draw(self, size: int) -> bytes:
        """In place of os.urandom."""
        self._num_drawn += 1
        return hashlib.shake_128(self._seed + b"%d" % self._num_drawn).digest(size)

    def seed(self, seed: bytes) -> None:
        self.position = Position(seed)

    @contextmanager
    def seeded(self, seed: bytes) -> Iterator[None]:
        """Within, all is drawn from this seed, as in a process of its own; afterwards as if nothing had been drawn."""
        before = self.position
        self.seed(seed)
        try:
            yield
        finally:
            self.position = before

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Below all that draws: `secrets` and `uuid`, and the ids, which keep the latest one."""
        monkeypatch.setattr(os, "urandom", self.draw)
        monkeypatch.setattr(random, "_urandom", self.draw)
        monkeypatch.setattr(ulid.default_generator, "policy", self._ids)
        # It draws a chain from a generator of its own.
        monkeypatch.setattr(audit, "random", random.SystemRandom())
        # Tokens of transactions, and names of messages once there is a cloud.
        monkeypatch.setattr(botocore.handlers, "uuid", _OfNoConsequence)
        if sqs := sys.modules.get("ministack.services.sqs"):
            monkeypatch.setattr(sqs, "new_uuid", lambda: str(_OfNoConsequence.uuid4()))
        self.seed(b"a case")


chance = Chance()
