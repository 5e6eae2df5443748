"""Text that was read in a wrong encoding before it came here."""

import re

# What UTF-8 is mistaken for.
_MISTAKEN = ("cp1252", "latin-1", "cp1250", "cp1251", "cp1254", "mac-roman", "cp850")
# Where a letter was lost on the way: M?ller.
_LOST = re.compile(r"[^\W\d_]\?[^\W\d_]")
_REPLACED = "\ufffd"


def is_garbled(text: str) -> bool:
    is_lossy = _LOST.search(text) is not None and "/" not in text
    return _REPLACED in text or is_lossy or ungarbled(text) is not None


def ungarbled(text: str) -> str | None:
    """What a text meant whose UTF-8 was taken for another encoding (`MÃ¼ller`); None for all others."""
    if text.isascii():
        return None
    for encoding in _MISTAKEN:
        try:
            meant = text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        if not any(
            character.isspace() or not character.isprintable() for character in meant if not character.isascii()
        ):
            return meant
    return None
