"""What makes cold starts cheap: no search for garbage, and no import of what another function is made of.

A cold start makes a hundred thousand objects that stay. Looking for garbage among them again and again would take a
fifth of its time; so nothing is looked for between this module's import and `is_over`.
"""

import gc
import importlib
import importlib.util
import os
import sys
from typing import Any

gc.disable()


def serves(*handlers: str) -> bool:
    """Whether this process is the function of one of these handlers: Lambda says which in `_HANDLER`.

    Where nobody says, as in packaging and in tests, it may be any of them.
    """
    return os.environ.get("_HANDLER") in (None, *handlers)


def part(module: str, *handlers: str) -> Any:
    """A module that only these handlers need: imported at the start of theirs, and elsewhere when first used."""
    if module in sys.modules or os.environ.get("_HANDLER") in handlers:
        return importlib.import_module(module)
    spec = importlib.util.find_spec(module)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(module)
    spec.loader = importlib.util.LazyLoader(spec.loader)
    made = importlib.util.module_from_spec(spec)
    sys.modules[module] = made
    # What `import` leaves as well: the module as an attribute of its package.
    package, _, name = module.rpartition(".")
    setattr(importlib.import_module(package), name, made)
    spec.loader.exec_module(made)
    return made


def is_over() -> None:
    """What is there by now is never looked at again, either."""
    gc.freeze()
    gc.enable()
