"""Calendar files as five parsers of calendar programs read them, and a CalDAV server takes the feed."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import available_timezones

import pytest

from chalicelib.training.sessions import local_times
from chalicelib.training.sessions.calendars.calendar_file import FeedEntry, feed_file, invitation_file
from tests.calendar_programs.caldav import CalDavServer
from tests.calendar_programs.readers import READERS, Event
from tests.unit.training.sessions.test_calendar_file import ENTRY, NAMES, NOW

Read = Callable[[Sequence[str]], list[list[Event]]]

by_each = pytest.mark.parametrize("read", READERS.values(), ids=READERS)


@by_each
def test_an_invitation_and_its_cancellation(read: Read) -> None:
    off = invitation_file(replace(ENTRY, sequence=4), "CANCEL", NOW)
    ((request,), (cancel,)) = read([invitation_file(ENTRY, "REQUEST", NOW), off])
    assert request == {
        "uid": "01ABC@muster.example", "summary": "First aid", "status": "CONFIRMED", "method": "REQUEST",
        "sequence": 3, "start": "20270201T080000Z", "end": "20270201T093000Z", "location": "Room 1",
        "description": "Bring a friend",
        "organizer": "mailto:answers+0123456789abcdefghjkmnpqrs@in.muster.example",
        "attendees": [["mailto:ann@example.com", "Ann Lee", "NEEDS-ACTION", "TRUE"]],
    }  # fmt: skip
    assert (cancel["method"], cancel["status"], cancel["sequence"]) == ("CANCEL", "CANCELLED", 4)
    assert (cancel["uid"], cancel["attendees"][0][3]) == (request["uid"], "FALSE")


@by_each
def test_names_with_quotes_commas_and_other_scripts(read: Read) -> None:
    texts = [
        invitation_file(
            replace(ENTRY, attendee_name=name, organizer_name=name, title=name or "x", location=name, description=name),
            "REQUEST", NOW,
        )
        for name in NAMES
    ]  # fmt: skip
    for name, (event,) in zip(NAMES, read(texts), strict=True):
        one_line = " ".join(name.split())
        assert event["attendees"] == [
            ["mailto:ann@example.com", one_line.replace('"', "'") or "ann@example.com", "NEEDS-ACTION", "TRUE"]
        ]
        assert (event["summary"], event["location"]) == (one_line or "x", one_line)
        # A description may have several lines, by whichever sign they end.
        assert event["description"].split() == name.split()


@lru_cache(maxsize=1)
def _nights() -> tuple[list[tuple[str, ...]], list[str]]:
    """The nights of the changes in Europe, in America and on Lord Howe Island, where it is half an hour."""
    expected, texts = [], []
    for zone in sorted(available_timezones() - {"Factory", "localtime"}):
        for night in ("2027-03-14", "2027-03-28", "2027-04-04", "2027-10-31", "2027-11-07"):
            start = local_times.from_text(f"{night}T01:30") - timedelta(hours=2)
            instants = local_times.instants(start, start + timedelta(hours=4), zone)
            expected.append(tuple(re.sub("[-:]", "", one) for one in instants))
            texts.append(invitation_file(replace(ENTRY, starts_utc=instants[0], ends_utc=instants[1]), "REQUEST", NOW))
    return expected, texts


@by_each
def test_the_very_instants_in_every_zone_around_its_clock_changes_and_midnights(read: Read) -> None:
    expected, texts = _nights()
    # Zones with the same clock have the same files.
    once = list(dict.fromkeys(texts))
    shown = {text: (event["start"], event["end"]) for text, (event,) in zip(once, read(once), strict=True)}
    assert [shown[text] for text in texts] == expected
    assert len(expected) > 2000
    assert len(once) > 100


def _feed() -> str:
    first = FeedEntry(
        uid="1@muster.example", sequence=1, starts_utc="2027-02-01T08:00:00Z", ends_utc="2027-02-01T09:30:00Z",
        title='First "aid"; Zoë, Ann', description="Acme\nBring a friend", location="Room 1", url="https://x.example",
        status="CONFIRMED", changed=datetime(2027, 1, 4, tzinfo=UTC),
    )  # fmt: skip
    # Across midnight.
    second = replace(
        first, uid="2@muster.example", starts_utc="2027-02-03T22:00:00Z", ends_utc="2027-02-04T02:00:00Z",
        status="CANCELLED",
    )  # fmt: skip
    return feed_file(
        [first, second, replace(first, uid="3@muster.example", status="TENTATIVE")], "Trainings", "t@x.example"
    )


@by_each
def test_the_feed(read: Read) -> None:
    (events,) = read([_feed()])
    assert [(event["uid"][0], event["status"], event["method"]) for event in events] == [
        ("1", "CONFIRMED", "PUBLISH"), ("2", "CANCELLED", "PUBLISH"), ("3", "TENTATIVE", "PUBLISH"),
    ]  # fmt: skip
    assert (events[1]["start"], events[1]["end"]) == ("20270203T220000Z", "20270204T020000Z")
    assert events[0]["summary"] == 'First "aid"; Zoë, Ann'
    # Nobody is asked for an answer.
    assert [event["attendees"] for event in events] == [[], [], []]


def test_a_caldav_server_takes_the_feed_and_finds_its_sessions_by_their_time(tmp_path: Path) -> None:
    server = CalDavServer(tmp_path)
    assert server.take(_feed()) == 201
    assert sorted(re.findall(r"UID:(\S+)", server.calendar())) == [f"{number}@muster.example" for number in (1, 2, 3)]
    assert re.findall(r"UID:(\S+)", server.between("20270204T000000Z", "20270204T010000Z")) == ["2@muster.example"]
    assert re.findall(r"UID:(\S+)", server.between("20270202T000000Z", "20270203T000000Z")) == []
    assert 'SUMMARY:First "aid"\\; Zoë\\, Ann' in server.calendar()
    # Again, with an entry less.
    assert server.take(_feed().replace("3@muster", "4@muster")) == 201
    assert "3@muster.example" not in server.calendar()
