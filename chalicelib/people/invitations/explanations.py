"""What a code means for the admin, and what to do next."""

from pathlib import Path

from chalicelib.core.explanations import Explanation, explanations_in

_FILE = Path(__file__).with_name("explanations.toml")


def explain(code: str) -> Explanation:
    return explanations_in(_FILE)[code]
