"""What the state of a mail means to an admin, and what to do next."""

from pathlib import Path

from chalicelib.core.explanations import Explanation, explanations_in

_FILE = Path(__file__).with_name("explanations.toml")


def explain(state: str) -> Explanation:
    return explanations_in(_FILE)[state]
