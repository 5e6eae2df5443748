"""Cheap cold starts: no garbage collection meanwhile, and no imports that only other functions need.

A cold start creates a hundred thousand objects that stay. Collecting garbage among them again and again would take a
fifth of its time. So garbage collection is off between the import of this module and `is_over`.
"""

import gc
import os
from importlib import import_module
from typing import Any

gc.disable()


def serves(*handlers: str) -> bool:
    """Whether this process is the function of one of these handlers, according to Lambda's `_HANDLER`.

    True where it is not set, as in packaging and in tests.
    """
    return os.environ.get("_HANDLER") in (None, *handlers)


class _Later:
    """A module that is imported at first use."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self._module), name)


def part(module: str, *handlers: str) -> Any:
    """A module that only these handlers need: imported now in their functions, at first use in others."""
    return import_module(module) if os.environ.get("_HANDLER") in handlers else _Later(module)


def is_over() -> None:
    """End of the cold start: collect garbage again, but never among the objects that exist by now."""
    gc.freeze()
    gc.enable()
