"""Why somebody is left out, or was not changed, and what to do next."""

from pathlib import Path

from chalicelib.core.explanations import Explanation, explanations_in
from chalicelib.people.invitations.explanations import explain as explain_invitation

_FILE = Path(__file__).with_name("explanations.toml")


def explain(code: str) -> Explanation:
    own = explanations_in(_FILE)
    return own[code] if code in own else explain_invitation(code)
