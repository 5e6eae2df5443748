"""The calendar part of an invitation, read by two parsers that nobody here wrote."""

import re
import warnings
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.clock import to_instant
from chalicelib.core.errors import Invalid
from chalicelib.notifications.rendering import CalendarPart, MailContent, mime_message
from chalicelib.training.sessions import local_times
from chalicelib.training.sessions.calendars.calendar_file import Entry, invitation_file

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import vobject

NOW = datetime(2027, 1, 4, 10, 0, tzinfo=UTC)
ENTRY = Entry(
    uid="01ABC@muster.example", sequence=3, starts_utc="2027-02-01T08:00:00Z", ends_utc="2027-02-01T09:30:00Z",
    title="First aid", description="Bring a friend", location="Room 1", url=None,
    organizer="answers+0123456789abcdefghjkmnpqrs@in.muster.example", organizer_name="Acme Industries",
    attendee="ann@example.com", attendee_name="Ann Lee", status="invited",
)  # fmt: skip


def read(text: str) -> icalendar.Event:
    (event,) = icalendar.Calendar.from_ical(text).walk("VEVENT")
    return event


def read_by_the_other(text: str) -> Any:
    return vobject.readOne(text).vevent


def test_it_is_what_calendar_programs_ask_for() -> None:
    text = invitation_file(ENTRY, "REQUEST", NOW)
    calendar = icalendar.Calendar.from_ical(text)
    event = read(text)
    assert (str(calendar["METHOD"]), str(calendar["VERSION"])) == ("REQUEST", "2.0")
    assert str(event["ORGANIZER"]).startswith("mailto:")
    assert str(event["ATTENDEE"]) == "mailto:ann@example.com"
    parameters = event["ATTENDEE"].params
    assert (parameters["RSVP"], parameters["PARTSTAT"], parameters["ROLE"]) == (
        "TRUE", "NEEDS-ACTION", "REQ-PARTICIPANT",
    )  # fmt: skip
    assert (int(event["SEQUENCE"]), str(event["UID"])) == (3, "01ABC@muster.example")
    assert event["DTSTAMP"].dt == NOW
    # RFC 5545: CRLF, and lines of 75 octets at most.
    assert re.search(r"(?<!\r)\n", text) is None
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75


def test_no_time_floats_and_none_needs_a_time_zone() -> None:
    text = invitation_file(ENTRY, "REQUEST", NOW)
    assert re.findall(r"^(DT\w+)([;:].*?)\r$", text, re.MULTILINE) == [
        ("DTSTART", ":20270201T080000Z"), ("DTEND", ":20270201T093000Z"), ("DTSTAMP", ":20270104T100000Z"),
    ]  # fmt: skip
    assert "TZID" not in text


def test_a_cancellation_says_so_three_times() -> None:
    text = invitation_file(replace(ENTRY, sequence=4), "CANCEL", NOW)
    event = read(text)
    assert "METHOD:CANCEL" in text
    assert (str(event["STATUS"]), int(event["SEQUENCE"]), event["ATTENDEE"].params["RSVP"]) == ("CANCELLED", 4, "FALSE")
    assert read_by_the_other(text).status.value == "CANCELLED"


@pytest.mark.parametrize(("status", "partstat"), [("confirmed", "ACCEPTED"), ("invited", "NEEDS-ACTION")])
def test_an_update_keeps_the_answer(status: str, partstat: str) -> None:
    event = read(invitation_file(replace(ENTRY, status=status), "REQUEST", NOW))
    assert event["ATTENDEE"].params["PARTSTAT"] == partstat


NAMES = [
    'O"Hara, Ann; "the" Lee', "Zoë Müller-Lüdenscheidt", "安娜 李", "آنا لي", "Анна; Ли, x", "Ann\r\nBEGIN:VALARM", "",
    "a" * 190,
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_and_texts_of_all_kinds_come_through_and_start_no_line_of_their_own(name: str) -> None:
    entry = replace(ENTRY, attendee_name=name, organizer_name=name, title=name or "x", location=name, description=name)
    text = invitation_file(entry, "REQUEST", NOW)
    event = read(text)
    shown = " ".join(name.split()).replace('"', "'")
    assert event["ATTENDEE"].params["CN"] == (shown or "ann@example.com")
    assert str(event["SUMMARY"]) == (" ".join(name.split()) or "x")
    assert [part.name for part in icalendar.Calendar.from_ical(text).walk()] == ["VCALENDAR", "VEVENT"]
    other = read_by_the_other(text)
    assert other.summary.value == str(event["SUMMARY"])
    assert other.attendee.value == "mailto:ann@example.com"


@given(
    zone=st.sampled_from(sorted(available_timezones() - {"Factory", "localtime"})),
    local=st.datetimes(local_times.from_text("2026-01-01T00:00"), local_times.from_text("2035-12-31T00:00")),
    minutes=st.integers(1, 3000),
)
def test_both_parsers_read_the_very_instants_in_every_zone(zone: str, local: datetime, minutes: int) -> None:
    local = local.replace(second=0, microsecond=0)
    try:
        starts_utc, ends_utc = local_times.instants(local, local + timedelta(minutes=minutes), zone)
    except Invalid:
        # Clocks were put back meanwhile by more than the session lasts.
        assert minutes <= 24 * 60
        return
    event = invitation_file(replace(ENTRY, starts_utc=starts_utc, ends_utc=ends_utc), "REQUEST", NOW)
    ours, other = read(event), read_by_the_other(event)
    assert (ours["DTSTART"].dt, ours["DTEND"].dt) == (to_instant(starts_utc), to_instant(ends_utc))
    assert (other.dtstart.value, other.dtend.value) == (to_instant(starts_utc), to_instant(ends_utc))
    shown = to_instant(starts_utc).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    # The local time that was typed, or the next one that exists.
    assert shown == local or shown > local


@pytest.mark.parametrize(
    ("zone", "starts", "ends", "instants", "words"),
    [
        # Clocks go back: the hour from two to three is there twice, and the first counts.
        (
            "Europe/Berlin", "2027-10-31T01:30", "2027-10-31T03:30", ("2027-10-30T23:30:00Z", "2027-10-31T02:30:00Z"),
            "Sunday, 31 October 2027, 01:30 to 03:30 (Europe/Berlin, UTC+02:00)",
        ),
        # Clocks go forward: half past two is left out.
        (
            "Europe/Berlin", "2027-03-28T02:30", "2027-03-28T04:00", ("2027-03-28T01:00:00Z", "2027-03-28T02:00:00Z"),
            "Sunday, 28 March 2027, 03:00 to 04:00 (Europe/Berlin, UTC+02:00)",
        ),
        # Past midnight, and an odd offset.
        (
            "Asia/Kathmandu", "2027-05-01T22:00", "2027-05-02T01:00", ("2027-05-01T16:15:00Z", "2027-05-01T19:15:00Z"),
            "Saturday, 1 May 2027, 22:00 to Sunday, 2 May 2027, 01:00 (Asia/Kathmandu, UTC+05:45)",
        ),
    ],
)  # fmt: skip
def test_clock_changes_midnights_and_odd_offsets(
    zone: str, starts: str, ends: str, instants: tuple[str, str], words: str
) -> None:
    found = local_times.instants(local_times.from_text(starts), local_times.from_text(ends), zone)
    assert found == instants
    assert local_times.in_words(*found, zone) == words


def test_the_mail_carries_the_file_as_it_is_with_its_method() -> None:
    text = invitation_file(replace(ENTRY, title="Zoë & Ørsted"), "REQUEST", NOW)
    facts = {
        "first_name": "Ann", "tenant": "Acme", "training": "T", "description": "", "when": "now", "place": "",
        "web_link": "", "instructor": "", "reason": "", "link": "https://x", "status": "invited",
    }  # fmt: skip
    content = MailContent("ann@example.com", "Acme", facts=facts, calendar=CalendarPart("REQUEST", text))
    raw = mime_message("1", "training_invited", content, "training@muster.example", "https://muster.example").raw
    (part,) = [one for one in message_from_bytes(raw).walk() if one.get_content_type() == "text/calendar"]
    assert part.get_payload(decode=True) == text.encode()
    assert re.search(rb'Content-Type: text/calendar; charset="utf-8";\s*method="REQUEST"', raw)
