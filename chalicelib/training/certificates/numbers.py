"""The numbers of certificates: too many to be guessed, and a slip of the pen is noticed."""

import secrets

# Without 0, 1, I, L and O, which are taken for each other. 31 is a prime number, which makes the check exact.
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_VALUES = {letter: value for value, letter in enumerate(_LETTERS)}

# 84 bits, and the check.
_NUM_RANDOM = 17
_LENGTH = _NUM_RANDOM + 1
_GROUP = 6


def new_number() -> str:
    """As it is stored: 18 letters and digits without hyphens."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_NUM_RANDOM))
    return letters + _check(letters)


def shown(number: str) -> str:
    """As people read it: in groups of six."""
    return "-".join(number[start : start + _GROUP] for start in range(0, len(number), _GROUP))


def understood(text: str) -> str | None:
    """What somebody typed, as a number: in whatever case, with or without hyphens. None when it is none.

    One wrong character is noticed, and so are two that changed places.
    """
    number = text.upper().replace("-", "").replace(".", "").replace("_", "").replace("~", "")
    if len(number) != _LENGTH or not _VALUES.keys() >= set(number):
        return None
    return number if _check(number[:-1]) == number[-1] else None


def _check(letters: str) -> str:
    """Each place has a weight of its own, and none is a multiple of 31: any one change changes the sum."""
    return _LETTERS[-sum(place * _VALUES[letter] for place, letter in enumerate(letters, 2)) % len(_LETTERS)]
