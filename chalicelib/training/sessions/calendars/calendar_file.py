"""A participation as an iCalendar object (RFC 5545) for mails (RFC 5546, 6047).

One event with one attendee, as invitations to one person have. Times are in UTC, so that no calendar program has to
know a time zone; the zone stands in the text.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from chalicelib.core.clock import to_instant
from chalicelib.core.text import one_line
from chalicelib.training.sessions.states import ParticipantStatus

_PRODID = "-//Muster//Live trainings//EN"

_PARTSTAT_BY_STATUS = {
    ParticipantStatus.CONFIRMED: "ACCEPTED",
    ParticipantStatus.ATTENDED: "ACCEPTED",
    ParticipantStatus.DECLINED: "DECLINED",
}


@dataclass(frozen=True)
class Entry:
    """What a calendar shows. `attendee` is the recipient's address, `organizer` the one that takes the answer."""

    uid: str
    sequence: int
    starts_utc: str
    ends_utc: str
    title: str
    description: str
    location: str
    url: str | None
    organizer: str
    organizer_name: str
    attendee: str
    attendee_name: str
    status: str


def invitation_file(entry: Entry, method: Literal["REQUEST", "CANCEL"], now: datetime) -> str:
    """With CRLF at the ends of lines, folded at 75 bytes."""
    # Slow to import, and only the mailer needs it.
    from icalendar import Calendar, Event, vCalAddress

    is_request = method == "REQUEST"
    attendee = vCalAddress.new(
        entry.attendee, cn=_name(entry.attendee_name) or entry.attendee, role="REQ-PARTICIPANT", cutype="INDIVIDUAL",
        partstat=_PARTSTAT_BY_STATUS.get(ParticipantStatus(entry.status), "NEEDS-ACTION"), rsvp=is_request,
    )  # fmt: skip
    event = Event.new(
        uid=entry.uid, sequence=entry.sequence, stamp=now, start=to_instant(entry.starts_utc),
        end=to_instant(entry.ends_utc), summary=one_line(entry.title), description=entry.description or None,
        location=one_line(entry.location) or None, url=entry.url, attendees=[attendee],
        organizer=vCalAddress.new(entry.organizer, cn=_name(entry.organizer_name)),
    )  # fmt: skip
    event.add("STATUS", "CONFIRMED" if is_request else "CANCELLED")
    event.add("TRANSP", "OPAQUE")
    calendar = Calendar()
    calendar.add("PRODID", _PRODID)
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", method)
    calendar.add_component(event)
    return str(calendar.to_ical().decode())


@dataclass(frozen=True)
class FeedEntry:
    """What a subscribed calendar shows. `changed` is an instant that stays until the entry changes."""

    uid: str
    sequence: int
    starts_utc: str
    ends_utc: str
    title: str
    description: str
    location: str
    url: str | None
    status: Literal["CONFIRMED", "TENTATIVE", "CANCELLED"]
    changed: datetime


def feed_file(entries: Iterable[FeedEntry], name: str, organizer: str) -> str:
    """A feed to subscribe to. The same entries give the same text. Nobody is asked for an answer."""
    from icalendar import Calendar, Event, vCalAddress

    calendar = Calendar()
    calendar.add("PRODID", _PRODID)
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", "PUBLISH")
    calendar.add("X-WR-CALNAME", name)
    calendar.add("REFRESH-INTERVAL", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    for entry in entries:
        event = Event.new(
            uid=entry.uid, sequence=entry.sequence, stamp=entry.changed, start=to_instant(entry.starts_utc),
            end=to_instant(entry.ends_utc), summary=one_line(entry.title), description=entry.description or None,
            location=one_line(entry.location) or None, url=entry.url, organizer=vCalAddress.new(organizer),
        )  # fmt: skip
        event.add("LAST-MODIFIED", entry.changed)
        event.add("STATUS", entry.status)
        event.add("TRANSP", "TRANSPARENT" if entry.status == "CANCELLED" else "OPAQUE")
        calendar.add_component(event)
    return str(calendar.to_ical().decode())


def _name(name: str) -> str:
    """Quotes cannot stand in a parameter; RFC 6868 has a code for them that few programs know."""
    return one_line(name).replace('"', "'")
