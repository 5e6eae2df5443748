"""The sentence and the next step for each code of an enrollment; the texts are in explanations.toml."""

from pathlib import Path

from chalicelib.core.explanations import Explanation, explanations_in

_TEXTS = Path(__file__).with_suffix(".toml")


def explain(code: str) -> Explanation:
    return explanations_in(_TEXTS)[code]
