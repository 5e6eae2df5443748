"""What the state of a mail means to an admin, and what to do next."""

from pathlib import Path

from chalicelib.core.explanations import Explanation, explanations_in

_STATES = Path(__file__).with_name("explanations.toml")
_REASONS = Path(__file__).with_name("reasons.toml")


def explain(state: str, reason: str | None = None) -> Explanation:
    """By the reason where it says more than the state. `reason` is ours, or SES's: `Permanent/General 5.1.1`."""
    by_reason = explanations_in(_REASONS).get((reason or "").split("/")[0])
    return by_reason or explanations_in(_STATES)[state]
