"""Mails that anybody may send: none of them makes the parser raise, for it would come again and end among failures."""

from collections.abc import Callable

import pytest

from chalicelib.training.sessions.calendars.reply_parser import reply_in

DEEP = 3000


def _within_parts() -> bytes:
    heads = (f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(DEEP))
    return f"MIME-Version: 1.0\r\n{''.join(heads)}Content-Type: text/calendar\r\n\r\n".encode()


def _within_mails() -> bytes:
    return b"Content-Type: message/rfc822\r\n\r\n" * DEEP


def _answer(*lines: str) -> bytes:
    event = "\r\n".join(["BEGIN:VEVENT", "UID:x", *lines, "END:VEVENT"])
    return (
        "MIME-Version: 1.0\r\nContent-Type: text/calendar; method=REPLY\r\n\r\n"
        f"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\n{event}\r\nEND:VCALENDAR\r\n"
    ).encode()


@pytest.mark.parametrize("make", [_within_parts, _within_mails])
def test_parts_within_parts_are_no_answer(make: Callable[[], bytes]) -> None:
    assert reply_in(make()) is None


@pytest.mark.parametrize(
    "long", ["a" * 1100 + "@example.com", "\ufdfa" * 40 + "@example.com"], ids=["long", "long once normalized"]
)
def test_what_is_too_long_for_an_address_is_nobodys(long: str) -> None:
    """As a key it would be longer than DynamoDB takes."""
    reply = reply_in(_answer(f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{long}"))
    assert reply is not None
    assert reply.attendees == (("", "ACCEPTED"),)
