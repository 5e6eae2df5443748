"""Every mail, rendered: nothing missing, both parts alike, links where something is to be done, and a reason."""

import html as markup
import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest

from chalicelib.mailer import BUILDER_BY_KIND
from chalicelib.notifications.rendering import MailContent, mime_message

FACTS = {
    "tenant": "Acme <Industries>", "course": "Spotting Phishing", "due_by": "2027-02-15", "first_name": "Ann",
    "email": "ann@example.com", "code": "12345678", "minutes": "30", "expires_on": "2027-02-03", "batch": "January",
    "link": "https://muster.example/invites/x", "guide_url": "https://muster.example/guide", "role": "an MSP admin",
    "enroll_on": "2027-01-15", "num_enrolled": "3", "num_failed": "1", "explanation": "No seat was left.",
    "training": "First aid", "when": "Monday, 1 February 2027, 09:00 to 10:00", "place": "Room 2",
    "web_link": "https://meet.example/1", "instructor": "Bob", "description": "Bring a friend.", "status": "confirmed",
    "reason": "Storm.",
}  # fmt: skip
# These ask for nothing that a link leads to.
WITHOUT_LINK = {"join_code", "email_code", "email_changed", "invitation_cancelled", "training_cancelled"}
OF_A_TRAINING = ("place", "web_link", "instructor", "description", "status", "reason")


def _parts(kind: str, sender_name: str = "Acme <Industries>", **facts: str) -> tuple[str, str]:
    content = MailContent(to="ann@example.com", sender_name=sender_name, facts={**FACTS, **facts})
    raw = mime_message("M1", kind, content, "mail@muster.example", "https://muster.example/portal").raw
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    text, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert text
    assert html
    return text.get_content(), html.get_content()


@pytest.mark.parametrize("kind", sorted(map(str, BUILDER_BY_KIND)))
def test_every_mail_names_the_organization_and_says_why_one_gets_it(kind: str) -> None:
    for part, name in zip(_parts(kind), ("Acme <Industries>", "Acme &lt;Industries&gt;"), strict=True):
        assert name in part
        flat = " ".join(part.split())
        assert "You get this email because" in flat
        assert "{{" not in part
        assert "None" not in part


@pytest.mark.parametrize("kind", sorted(set(map(str, BUILDER_BY_KIND)) - WITHOUT_LINK))
def test_every_mail_that_asks_for_something_has_the_link_to_it(kind: str) -> None:
    for part in _parts(kind):
        assert re.search(r"https?://[^\s\"<]+", part)


@pytest.mark.parametrize("kind", sorted(map(str, BUILDER_BY_KIND)))
def test_every_mail_fits_a_phone_of_320_pixels(kind: str) -> None:
    """No width but a greatest one; words longer than a line are broken; lines of the text part are short."""
    text, html = _parts(kind)
    assert "width=device-width" in html
    assert "table-layout: fixed" in html
    assert "word-break: break-word" in html
    assert not re.search(r"(?<!max-)width: *\d+px", html)
    assert [line for line in text.splitlines() if len(line) > 78 and "://" not in line] == []


def _words(html: str) -> list[str]:
    """What a reader sees of the HTML part, and where its links lead."""
    body = html[html.index("<body") :]
    return markup.unescape(re.sub(r"<a href=\"([^\"]*)\"[^>]*>|<[^>]+>", r" \1 ", body)).split()


@pytest.mark.parametrize("kind", sorted(map(str, BUILDER_BY_KIND)))
def test_the_text_part_says_all_that_the_html_part_says(kind: str) -> None:
    """But for the help with a button, which a text part does not have."""
    text, html = _parts(kind)
    without_help = re.sub(r"<p[^>]*>Button doesn't work.*?</p>", "", html)
    letters = re.compile(r"[\W_]+")
    said = {letters.sub("", word) for word in text.split()}
    assert [word for word in _words(without_help) if letters.sub("", word) not in said] == []


@pytest.mark.parametrize("kind", sorted(map(str, BUILDER_BY_KIND)))
def test_no_mail_shows_a_constant_or_a_gap(kind: str) -> None:
    """Not even to somebody without a first name, about a course without due date or a training without details."""
    may_be_missing = {"first_name": ""} | ({"due_by": ""} if kind in ("enrolled", "reminder") else {})
    may_be_missing |= dict.fromkeys(OF_A_TRAINING, "") if kind.startswith("training_") else {}
    for facts in ({}, may_be_missing):
        text, html = _parts(kind, **facts)
        for part in (text, " ".join(_words(html))):
            assert not re.search(r"\b[a-z]+_[a-z_]+\b|\{\w*\}|[{%]%|\bundefined\b", part)
        assert not re.search(r" [.,]|\(\s*\)", text)


@pytest.mark.parametrize("kind", sorted(map(str, BUILDER_BY_KIND)))
def test_what_muster_sends_for_itself_is_not_sent_for_muster(kind: str) -> None:
    for part in _parts(kind, sender_name="Muster"):
        assert "Sent by Muster." in " ".join(part.split())


def test_a_part_that_reached_nobody_counts_nobody() -> None:
    for part in _parts("part_failed", num_enrolled="0", num_failed="0"):
        flat = " ".join(part.split())
        assert "nobody could be enrolled." in flat
        assert "0 enrolled" not in flat
    for part in _parts("part_failed"):
        assert "3 enrolled, 1 failed." in " ".join(part.split())
