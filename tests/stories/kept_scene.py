"""Scenes that take long to build: built once in each process, and copied for every test that begins with them."""

import io
import pickle
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from tests import cloud_state
from tests.harness import World

T = TypeVar("T")

# What a world knows beside what is stored.
_KNOWN = ("now", "source", "logged_in_at", "_email_by_account", "_msp_by_org", "_num_made")


class KeptScene(Generic[T]):
    """`build` makes it in an empty world. What it gives may refer to that world; each test's copy refers to its own."""

    def __init__(self, build: Callable[[World], T]) -> None:
        self._build = build
        self._state: bytes | None = None
        self._known = b""

    def begin(self, world: World) -> T:
        """What was in the world before is gone."""
        if self._state is None:
            made = self._build(world)
            file = io.BytesIO()
            _Pickler(file, world).dump(({name: getattr(world, name) for name in _KNOWN}, made))
            self._state, self._known = cloud_state.snapshot(), file.getvalue()
        cloud_state.restore(self._state)
        known, copied = _Unpickler(io.BytesIO(self._known), world).load()
        vars(world).update(known)
        return copied  # type: ignore[no-any-return]


class _Pickler(pickle.Pickler):
    """Writes the world as a name."""

    def __init__(self, file: io.BytesIO, world: World) -> None:
        super().__init__(file)
        self._world = world

    def persistent_id(self, value: Any) -> str | None:
        return "world" if value is self._world else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, world: World) -> None:
        super().__init__(file)
        self._world = world

    def persistent_load(self, name: str) -> World:
        return self._world
