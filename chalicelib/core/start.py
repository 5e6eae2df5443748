"""A cold start makes a hundred thousand objects that stay. Looking for garbage among them again and again would take a
fifth of its time; so nothing is looked for between this module's import and `is_over`.
"""

import gc

gc.disable()


def is_over() -> None:
    """What is there by now is never looked at again, either."""
    gc.freeze()
    gc.enable()
