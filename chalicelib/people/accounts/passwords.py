"""The rules of passwords, the same as the user pool's (infra/resources.yaml), checked before Cognito is called.

Cognito checks them, too, but at a reset only if the account exists: its answer would tell that it does.
"""

import re

from chalicelib.core.errors import FieldError, Invalid

MIN_LENGTH = 12
MAX_LENGTH = 256

_RULES = (
    ("password_too_short", f".{{{MIN_LENGTH},}}", f"Use at least {MIN_LENGTH} characters."),
    ("password_too_long", f".{{0,{MAX_LENGTH}}}", f"Use at most {MAX_LENGTH} characters."),
    ("password_needs_lowercase", ".*[a-z].*", "Use at least one lowercase letter, a to z."),
    ("password_needs_uppercase", ".*[A-Z].*", "Use at least one uppercase letter, A to Z."),
    ("password_needs_number", ".*[0-9].*", "Use at least one number."),
    ("password_outer_space", r"\S.*\S|\S?", "Don't start or end the password with a space."),
)


def refuse_weak(password: str, field: str) -> None:
    """Raises Invalid that names every rule that the password breaks."""
    errors = [
        FieldError(field, code, sentence)
        for code, pattern, sentence in _RULES
        if not re.fullmatch(pattern, password, re.DOTALL)
    ]
    if errors:
        raise Invalid(*errors, code="weak_password")


def refuse_weak_first(password: str, field: str) -> None:
    """The same for one that an admin gives: there Cognito takes no white space at all."""
    refuse_weak(password, field)
    if re.search(r"\s", password):
        problem = "A first password can't have spaces."
        raise Invalid(FieldError(field, "password_white_space", problem), code="weak_password")


def refused_by_cognito(field: str) -> Invalid:
    """For reasons that only Cognito knows, such as a password from a leak."""
    return Invalid(FieldError(field, "weak_password", "Choose a different password."), code="weak_password")
