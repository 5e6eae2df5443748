"""The sentence and the next step for a code of uploads'; the texts are in refusals.toml."""

from pathlib import Path

from chalicelib.core.errors import FieldError, Invalid, MusterError, TooLarge
from chalicelib.core.explanations import Explanation, explanations_in

_TEXTS = Path(__file__).with_suffix(".toml")

# What is refused for its size alone answers 413, the rest 422.
_TOO_LARGE = frozenset({"file_too_large", "zip_bomb", "too_much_content"})


def explain(code: str, **names: object) -> Explanation:
    text = explanations_in(_TEXTS)[code]
    return Explanation(text.sentence.format(**names), text.next_step.format(**names))


def refusal(code: str, **names: object) -> MusterError:
    """Why a file is not taken: Invalid or TooLarge, with its one field error. It never repeats what a cell holds."""
    text = explain(code, **names).text
    error = FieldError("file", code, text)
    return TooLarge(code, text, [error]) if code in _TOO_LARGE else Invalid(error, code=code)
