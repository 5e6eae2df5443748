"""Rendered mails: sender, reply address, and headers that no name can add to."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest

from chalicelib.notifications.rendering import MailContent, NotAddressable, mime_message

FACTS = {
    "tenant": "Acme Industries",
    "link": "https://muster.example/invites/x",
    "guide_url": "https://muster.example/guide",
    "expires_on": "2027-02-03",
}
EVIL = "Acme\r\nBcc: eve@example.com"


def _sent(**changes: object) -> EmailMessage:
    plain: dict[str, object] = {
        "to": "ann@example.com", "sender_name": "Acme Industries", "reply_to": "training@acme.example",
        "may_unsubscribe": True, "facts": FACTS,
    }  # fmt: skip
    content = MailContent(**{**plain, **changes})  # type: ignore[arg-type]
    raw = mime_message("M1", "invitation", content, "mail@muster.example", "https://muster.example/portal").raw
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def test_a_mail_comes_in_the_organization_s_name_and_is_answered_there() -> None:
    message = _sent()
    assert message["From"] == "Acme Industries <mail@muster.example>"
    assert message["To"] == "ann@example.com"
    assert message["Reply-To"] == "training@acme.example"
    assert message["List-Unsubscribe"] == "<mailto:training@acme.example?subject=unsubscribe>"
    assert (message["Auto-Submitted"], message["X-Muster-Mail"]) == ("auto-generated", "M1")


def test_a_mail_that_is_sent_once_has_nothing_to_unsubscribe_from() -> None:
    assert _sent(may_unsubscribe=False)["List-Unsubscribe"] is None
    assert _sent(reply_to=None)["List-Unsubscribe"] is None
    assert _sent(reply_to=None)["Reply-To"] is None


def test_both_parts_say_the_same_and_need_no_pictures() -> None:
    message = _sent()
    parts = {part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()}
    assert set(parts) == {"text/plain", "text/html"}
    assert all(FACTS["link"] in text and "3 February 2027" in text for text in parts.values())
    assert "<img" not in parts["text/html"]


@pytest.mark.parametrize("where", ["sender_name", "tenant"])
def test_a_name_becomes_no_header(where: str) -> None:
    changes: dict[str, object] = (
        {"sender_name": EVIL} if where == "sender_name" else {"facts": {**FACTS, "tenant": EVIL}}
    )
    message = _sent(**changes)
    assert message["Bcc"] is None
    assert sorted(message.keys()) == sorted(_sent().keys())


@pytest.mark.parametrize("address", ["ann@example.com\r\nBcc: eve@example.com", "ann", "\u00e4nn@example.com", ""])
def test_an_address_that_is_none_sends_nothing(address: str) -> None:
    with pytest.raises(NotAddressable):
        _sent(to=address)
    if address:
        with pytest.raises(NotAddressable):
            _sent(reply_to=address)


def test_a_name_in_html_stays_a_name() -> None:
    message = _sent(facts={**FACTS, "tenant": "<b>Acme</b>"})
    html = message.get_body(("html",))
    assert html is not None
    assert "&lt;b&gt;Acme&lt;/b&gt;" in html.get_content()
