"""Correcting what a single cell says: an address, a name, a text on one line."""

import re
from dataclasses import dataclass
from functools import lru_cache

from pydantic import TypeAdapter, ValidationError

from chalicelib.core.addresses import Email, bare
from chalicelib.core.text import normalized
from chalicelib.people.uploads.spreadsheet.sheet import is_invisible, trimmed, visible


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
    outer = trimmed(seen)
    text = bare(outer)
    taken = _valid(text) or text
    for code, changed in (
        ("mended_email", text != outer),
        ("unprintable", seen != given),
        ("spaces", outer != seen),
        ("email_form", normalized(taken) != normalized(text)),
    ):
        if changed:
            return Correction(taken, code)
    return Correction(taken)


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
