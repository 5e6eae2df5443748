"""Mending what single cells say of a person: the address and the names."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from pydantic import TypeAdapter, ValidationError

from chalicelib.core.addresses import Email
from chalicelib.core.text import normalized
from chalicelib.people.uploads.spreadsheet.sheet import is_invisible, trimmed, visible

_SCHEME = re.compile(r"^mailto:\s*([^?]*)(\?.*)?$", re.IGNORECASE | re.DOTALL)
# `Ann Lee <ann@example.com>`, as mail programs copy it.
_IN_BRACKETS = re.compile(r"^[^<>]*<([^<>]*)>[^<>]*$")
_ENDS = ".,;:"
_QUOTES = "\"'`\u2018\u2019\u201c\u201d"

# Text, and whether it is refused and by which code.
Checked = tuple[str, str | None]


@dataclass(frozen=True)
class Correction:
    """`code` is that of the correction, or None where nothing was to be corrected."""

    text: str
    code: str | None = None


def corrected_text(given: str) -> Correction:
    """On one line, and without what cannot be seen. To leave nothing of nothing is no correction."""
    taken = visible(given)
    if not taken or taken == given:
        return Correction(taken)
    return Correction(taken, "spaces" if taken == trimmed(given) and not _hides(given) else "unprintable")


def _hides(given: str) -> bool:
    return any(is_invisible(character) and not character.isspace() for character in given)


def corrected_email(given: str) -> Correction:
    """The address within the text, whether it is one or not.

    One that only got its domain written in lower case is as it was given: addresses are compared like that anyway.
    """
    seen = "".join(character for character in given if character.isspace() or not is_invisible(character))
    bare = trimmed(seen)
    text = _without_wrapping(bare)
    taken = _valid(text) or text
    for code, changed in (
        ("mended_email", text != bare),
        ("unprintable", seen != given),
        ("spaces", bare != seen),
        ("email_form", normalized(taken) != normalized(text)),
    ):
        if changed:
            return Correction(taken, code)
    return Correction(taken)


def _without_wrapping(text: str) -> str:
    steps: tuple[Callable[[str], str], ...] = (
        lambda one: _SCHEME.sub(r"\1", one),
        lambda one: _IN_BRACKETS.sub(r"\1", one),
        lambda one: one.rstrip(_ENDS),
        lambda one: one[1:-1] if len(one) > 1 and one[0] in _QUOTES and one[-1] in _QUOTES else one,
    )
    before = ""
    while before != text:
        before = text
        for step in steps:
            text = trimmed(step(text))
    return text


def email_problem(address: str) -> str | None:
    """The code of what is wrong with an address."""
    if not address:
        return "email_missing"
    if _valid(address) is not None:
        return None
    return "several_emails" if len(re.findall(r"[^\s@,;<>]+@[^\s@,;<>]+", address)) > 1 else "invalid_email"


def _valid(address: str) -> str | None:
    try:
        return _addresses().validate_python(address)
    except ValidationError:
        return None


@lru_cache(maxsize=1)
def _addresses() -> TypeAdapter[str]:
    return TypeAdapter(Email)
