"""What is wrong with a value, in our words: no sentence, pattern or constant of the validator's reaches a reader."""

import re
from collections.abc import Mapping
from typing import Any, get_args

from pydantic_core.core_schema import ErrorType

_WHOLE = "This must be a whole number."
_NUMBER = "This must be a number."
_YES_OR_NO = "This must be true or false."
_OBJECT = "This must be an object with fields."
_DATE = "This must be a date, such as 2027-01-31."
_TIME = "This must be a date and time with a time zone, such as 2027-01-31T09:00:00Z."

# {names} are what the validator knows of the rule.
_SENTENCES = {
    "missing": "This field is required.",
    "extra_forbidden": "There is no such field here. Please check the spelling or leave it out.",
    "string_type": "This must be text.",
    "string_unicode": "This must be text.",
    "string_pattern_mismatch": "This isn't in the right format, or has characters that can't be used here.",
    "list_type": "This must be a list.",
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "bool_type": _YES_OR_NO,
    "bool_parsing": _YES_OR_NO,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": "This number is too large.",
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "greater_than": "This must be more than {gt}.",
    "greater_than_equal": "This must be {ge} or more.",
    "less_than": "This must be less than {lt}.",
    "less_than_equal": "This must be {le} or less.",
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
    "datetime_object_invalid": _TIME,
    "timezone_aware": _TIME,
}
# For kinds that count: the number that the validator gives, what is counted, and the sentence.
_COUNTS = {
    "string_too_short": ("min_length", "character", "This needs at least {count}."),
    "string_too_long": ("max_length", "character", "This can have at most {count}."),
    "too_short": ("min_length", "entry", "This needs at least {count}."),
    "too_long": ("max_length", "entry", "This can have at most {count}."),
}
_PLURALS = {"character": "characters", "entry": "entries"}
_BUILT_IN = frozenset(get_args(ErrorType)) - {"value_error"}
# A choice as the validator prints it; members of enumerations stand behind their Python names.
_CHOICE = re.compile(r"'([^']*)'")


def sentence_of(kind: str, message: str, context: Mapping[str, Any]) -> str:
    """For pydantic's `type`, `msg` and `ctx`. Our own kinds bring their own sentence."""
    if kind in ("enum", "literal_error"):
        return _choices(_CHOICE.findall(str(context["expected"])))
    if kind in _COUNTS:
        name, thing, sentence = _COUNTS[kind]
        count = int(context[name])
        if kind == "string_too_short" and count == 1:
            return "This can't be empty."
        return sentence.format(count=f"{count:,} {thing if count == 1 else _PLURALS[thing]}")
    if kind in _SENTENCES:
        return _SENTENCES[kind].format_map(context)
    sentence = "This value can't be used here." if kind in _BUILT_IN else message.removeprefix("Value error, ")
    return sentence if sentence.endswith((".", "?")) else sentence + "."


def _choices(choices: list[str]) -> str:
    if len(choices) < 2:
        return f"This must be {choices[0]}." if choices else "This value can't be used here."
    return f"This must be one of: {', '.join(choices)}."
