"""The sentence and the next step for a code of enrollment's; the texts live in explanations.toml."""

from pathlib import Path

from chalicelib.core.explanations import Explanation, explanations_in

_TEXTS = Path(__file__).with_suffix(".toml")


def explain(code: str) -> Explanation:
    return explanations_in(_TEXTS)[code]
