"""Reads a calendar program's answer (RFC 5546 REPLY and COUNTER, RFC 6047) out of a mail.

It forgives what programs leave out: Outlook and Exchange drop the organizer, others SEQUENCE or METHOD in the body.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from typing import Any

from chalicelib.core.text import normalized, one_line

_CALENDAR_TYPES = frozenset({"text/calendar", "application/ics"})
_MAILTO = re.compile("^mailto:", re.IGNORECASE)
_METHODS = frozenset({"REPLY", "COUNTER"})
MAX_REMARK = 500
_MAX_PARTS = 50
_MAX_ATTENDEES = 50
# Bytes. Members are looked up by it, and a longer key would be refused.
_MAX_ADDRESS = 320
# What lies outside is no time that anybody proposes, and may be none in some time zone.
_FIRST_YEAR, _LAST_YEAR = 2000, 2200


@dataclass(frozen=True)
class Reply:
    """`sequence` and `stamp` are None where the program left them out. `uid` is empty then.

    `attendees` are addresses with what each says, in capitals as PARTSTAT. An answer is of one person, and so has one;
    some programs send the others along. `proposed` is the time that a COUNTER asks for, from and to: aware, or local to
    the session, or days.
    """

    method: str
    uid: str
    attendees: tuple[tuple[str, str], ...]
    sequence: int | None
    stamp: datetime | None
    remark: str
    proposed: tuple[date, date] | None = None


def reply_in(raw: bytes) -> Reply | None:
    """The first answer in a mail; None when there is none that can be read."""
    try:
        parts = list(_calendar_parts(message_from_bytes(raw, policy=compat32)))
    except Exception:
        # Anybody can send a mail, and the parser of mails raises at some: RecursionError for parts within parts. It
        # would come again and again, and end among the failures of ours.
        return None
    return next((reply for part in parts if (reply := _reply(part)) is not None), None)


def _calendar_parts(message: Message) -> Iterator[Message]:
    for number, part in enumerate(message.walk()):
        if number >= _MAX_PARTS:
            return
        name = str(part.get_filename() or "").lower()
        if part.get_content_type() in _CALENDAR_TYPES or name.endswith(".ics"):
            yield part


def _reply(part: Message) -> Reply | None:
    # Slow to import, and only answers need it.
    from icalendar import Calendar

    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return None
    try:
        calendar = Calendar.from_ical(content.decode("utf-8", "replace"))
        events = calendar.walk("VEVENT")
        method = str(calendar.get("METHOD") or part.get_param("method") or "").upper()
        if method not in _METHODS or not events:
            return None
        return _reply_of(method, events[0])
    except Exception:
        # Whatever is wrong with it, nobody is told: it may come from anybody.
        return None


def _reply_of(method: str, event: Any) -> Reply | None:
    found = event.get("ATTENDEE")
    attendees = tuple(map(_attendee, found if isinstance(found, list) else [found] if found is not None else []))
    if method == "REPLY" and not any(partstat for _, partstat in attendees):
        return None
    stamp = event.get("DTSTAMP")
    instant = stamp.dt if stamp is not None else None
    if isinstance(instant, datetime):
        instant = instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
    else:
        instant = None
    sequence = event.get("SEQUENCE")
    return Reply(
        method=method,
        uid=str(event.get("UID") or ""),
        attendees=attendees[:_MAX_ATTENDEES],
        sequence=None if sequence is None else int(sequence),
        stamp=instant,
        remark=_remark(event),
        proposed=_proposed(event) if method == "COUNTER" else None,
    )


def _attendee(attendee: Any) -> tuple[str, str]:
    """Apple names people by other URIs, and their address beside. What is too long for an address is nobody's."""
    address = str(attendee.params.get("EMAIL") or _MAILTO.sub("", str(attendee))).strip()
    is_possible = len(normalized(address).encode()) <= _MAX_ADDRESS
    return address if is_possible else "", str(attendee.params.get("PARTSTAT", "")).upper()


def _remark(event: Any) -> str:
    """What the person wrote."""
    comment = event.get("COMMENT")
    texts = [str(one) for one in (comment if isinstance(comment, list) else [comment]) if one]
    return one_line(" ".join(texts))[:MAX_REMARK]


def _proposed(event: Any) -> tuple[date, date] | None:
    """Without an end, or with a day as the one and a time as the other, the beginning alone."""
    if event.get("DTSTART") is None:
        return None
    start = event["DTSTART"].dt
    end = event["DTEND"].dt if event.get("DTEND") is not None else start
    if isinstance(start, datetime) != isinstance(end, datetime):
        end = start
    is_possible = all(_FIRST_YEAR <= one.year <= _LAST_YEAR for one in (start, end))
    return (start, end) if is_possible else None
