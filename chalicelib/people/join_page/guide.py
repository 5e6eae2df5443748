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
        "The page names the organization and the address that is invited. Press Accept; or Decline, and nothing more "
        "will come.",
        "A page that says that an organization invites you to its training, with the buttons Accept and Decline.",
    ),
    "account": Step(
        "Make your account",
        "Under “I am new here”, enter your name and choose a password.",
        "A page with two parts: I am new here, with fields for first name, last name and a password; and I have an "
        "account, with fields for address and password.",
    ),
    "confirm": Step(
        "Enter the code from the mail",
        "It shows that the address is yours. Look among unwanted mail if it does not come.",
        "A page with a field for the code that was mailed, and a button Confirm and accept.",
    ),
    "accepted": Step(
        "Done",
        "You have joined, and the courses of your groups are among your courses.",
        "A page that says that you have joined the training of the organization, with a link to your courses.",
    ),
    "log-in": Step(
        "Log in and accept",
        "Open the link and press Accept, as above. Then log in under “I have an account”; that is all. If your "
        "account has another address than the invited one, log in with that: you are asked whether to move the "
        "invitation to it.",
        "The same page as for new people; its second part, I have an account, asks for address and password.",
        file="account",
    ),
    "join": Step(
        "Say where you belong",
        "Choose your location and group, and enter your address.",
        "A page with fields for location, group and e-mail address, and a button Mail me a code.",
    ),
    "verify": Step(
        "Enter the code from the mail",
        "It leads you to your invitation. Then go on as above, with an account or without.",
        "A page that asks to look into the mailbox, with a field for the code of eight digits.",
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
