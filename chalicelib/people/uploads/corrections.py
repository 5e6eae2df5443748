"""Correcting what a single cell says: an address, a name, a text on one line."""

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


@dataclass(frozen=True)
class Correction:
    """`code` is that of the correction, or None where nothing was to be corrected."""

    text: str
    code: str | None = None


def corrected_text(given: str) -> Correction:
    """The text on one line, without invisible characters. A blank cell that becomes empty is no correction."""
    taken = visible(given)
    if not taken or taken == given:
        return Correction(taken)
    return Correction(taken, "spaces" if taken == trimmed(given) and not _hides(given) else "unprintable")


def _hides(given: str) -> bool:
    return any(is_invisible(character) and not character.isspace() for character in given)


def corrected_email(given: str) -> Correction:
    """The address in the text, valid or not.

    A domain that is only written in lower case is no correction: addresses are compared like that anyway.
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
        lambda text: _SCHEME.sub(r"\1", text),
        lambda text: _IN_BRACKETS.sub(r"\1", text),
        lambda text: text.rstrip(_ENDS),
        lambda text: text[1:-1] if len(text) > 1 and text[0] in _QUOTES and text[-1] in _QUOTES else text,
    )
    before = ""
    while before != text:
        before = text
        for step in steps:
            text = trimmed(step(text))
    return text


def split_name(name: str) -> tuple[str, str]:
    """First and last name of a name in one piece, so that one behind the other is the name again.

    `Lee, Ann` has the last name in front. One name is a first name.
    """
    last, comma, first = name.partition(",")
    if comma and trimmed(first) and trimmed(last):
        return trimmed(first), trimmed(last)
    first, _, last = name.rpartition(" ")
    return (first, last) if first else (last, "")


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
