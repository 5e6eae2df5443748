"""The sentence and the next step for each code; the texts are in explanations.toml."""

from pathlib import Path

from chalicelib.core.explanations import Explanation, explanations_in

_TEXTS = Path(__file__).with_suffix(".toml")


def explain(code: str, **names: str | None) -> Explanation:
    """With the names filled in."""
    text = explanations_in(_TEXTS)[code]
    return Explanation(text.sentence.format(**names), text.next_step)
