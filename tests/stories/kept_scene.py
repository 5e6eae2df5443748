"""Scenes that take long to build: built once in each process, and copied for every test that begins with them."""

import io
import pickle
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from tests import cloud_state
from tests.harness import World

T = TypeVar("T")

# What a world knows beside what is stored.
_KNOWN = ("now", "source", "logged_in_at", "_email_by_account", "_msp_by_org", "_num_made")


class KeptScene(Generic[T]):
    """`build` makes it in an empty world, with what a test gives it besides. What comes of it may refer to these; each
    test's copy refers to its own."""

    def __init__(self, build: Callable[..., T]) -> None:
        self._build = build
        self._state: bytes | None = None
        self._known = b""

    def begin(self, world: World, *given: Any) -> T:
        """What was in the world before is gone."""
        own = (world, *given)
        if self._state is None:
            made = self._build(*own)
            file = io.BytesIO()
            known = {name: getattr(world, name) for name in _KNOWN}
            _Pickler(file, own).dump((known, world.mail_time.now(), made))
            self._state, self._known = cloud_state.snapshot(), file.getvalue()
        cloud_state.restore(self._state)
        known, mailed_until, copied = _Unpickler(io.BytesIO(self._known), own).load()
        vars(world).update(known)
        world.mail_time.sleep_until(mailed_until)
        return copied  # type: ignore[no-any-return]


class _Pickler(pickle.Pickler):
    """Writes what a test has of its own as a number."""

    def __init__(self, file: io.BytesIO, own: Sequence[Any]) -> None:
        super().__init__(file)
        self._own = own

    def persistent_id(self, value: Any) -> int | None:
        return next((number for number, one in enumerate(self._own) if value is one), None)


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, own: Sequence[Any]) -> None:
        super().__init__(file)
        self._own = own

    def persistent_load(self, number: int) -> Any:
        return self._own[number]
