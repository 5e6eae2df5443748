"""What makes cold starts cheap: no search for garbage, and no import of what another function is made of.

A cold start makes a hundred thousand objects that stay. Looking for garbage among them again and again would take a
fifth of its time; so nothing is looked for between this module's import and `is_over`.
"""

import gc
import os
from importlib import import_module
from typing import Any

gc.disable()


def serves(*handlers: str) -> bool:
    """Whether this process is the function of one of these handlers: Lambda says which in `_HANDLER`.

    Where nobody says, as in packaging and in tests, it may be any of them.
    """
    return os.environ.get("_HANDLER") in (None, *handlers)


class _Later:
    """Stands for a module until something of it is used."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self._module), name)


def part(module: str, *handlers: str) -> Any:
    """A module that only these handlers need: imported at the start of theirs, and elsewhere when first used."""
    return import_module(module) if os.environ.get("_HANDLER") in handlers else _Later(module)


def is_over() -> None:
    """What is there by now is never looked at again, either."""
    gc.freeze()
    gc.enable()
