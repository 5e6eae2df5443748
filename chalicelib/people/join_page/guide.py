"""The guide to accepting an invitation: its steps in words, each with a picture.

The browser test (tests/e2e/test_pages.py) takes the pictures, and fails when a page no longer looks as in its picture.
They are part of the page, as data: addresses, so that no route has to answer files.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

PICTURES = Path(__file__).parent / "pictures"


@dataclass(frozen=True)
class Step:
    title: str
    text: str
    alt: str
    # Name of the picture, when it is that of another step.
    file: str | None = None


STEPS: Mapping[str, Step] = {
    "invitation": Step(
        "Open the link",
        "Check the organization and the email address, then press Accept. If you press Decline, you won't get any more "
        "email about this invitation.",
        "A page that says that an organization invites you to its training, with the buttons Accept and Decline.",
    ),
    "account": Step(
        "Create your account",
        "Under “Create an account”, enter your name and choose a password.",
        "A page with two parts: Create an account, with fields for first name, last name and password; and I already "
        "have an account, with fields for email address and password.",
    ),
    "confirm": Step(
        "Enter the code from the email",
        "It confirms that the address is yours. Check your spam folder if you don't see it.",
        "A page with a field for the code from the email, and a button Confirm and accept.",
    ),
    "accepted": Step(
        "Done",
        "You have joined, and your courses are in your account.",
        "A page that says that you have joined the organization, with a link to your courses.",
    ),
    "log-in": Step(
        "Log in and accept",
        "Open the link and press Accept. Then log in under “I already have an account”. If your account has another "
        "email address than the invitation, log in with that one. We'll ask whether to use it.",
        "The same page as for new people; its second part, I already have an account, asks for address and password.",
        file="account",
    ),
    "join": Step(
        "Tell us where you belong",
        "Choose your location and group, and enter your email address.",
        "A page with fields for location, group and email address, and a button Email me a code.",
    ),
    "verify": Step(
        "Enter the code from the email",
        "It takes you to your invitation. Continue as above, with or without an account.",
        "A page that says Check your email, with a field for the code.",
    ),
}


@lru_cache(maxsize=1)
def guide_facts() -> dict[str, Any]:
    return {"pictures": {name: _picture(name, step) for name, step in STEPS.items()}}


def _picture(name: str, step: Step) -> Mapping[str, Any]:
    file = PICTURES / f"{step.file or name}.png"
    texts = {"title": step.title, "text": step.text, "alt": step.alt}
    if not file.exists():
        # The browser test has not taken the pictures yet.
        return {**texts, "data": "", "width": 0, "height": 0}
    picture = file.read_bytes()
    # Width and height are the first numbers of a PNG's header.
    width, height = int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24])
    return {**texts, "data": f"data:image/png;base64,{b64encode(picture).decode()}", "width": width, "height": height}
