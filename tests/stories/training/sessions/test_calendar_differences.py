"""What calendar programs are known to differ in, each by name, on the mails as they go out and come in.

The numbers are issues of other projects, in which users report the difference.
"""

import re
from datetime import timedelta
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.calendar_programs.readers import READERS
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.training.sessions.test_calendar_answers import ANN, BOB, DOMAIN, Answering

REPLIES = Path(__file__).with_name("replies")


@pytest.fixture
def live(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Answering:
    monkeypatch.setenv("ANSWERS_DOMAIN", DOMAIN)
    return Answering(world, driver, monkeypatch)


@pytest.fixture
def invited(live: Answering) -> tuple[str, str, Any]:
    training, session = live.one()
    live.enroll([live.person(ANN, first_name="Ann", last_name="Lee")], (training, session))
    live.send()
    live.later(minutes=1)
    return training, session, live.event(ANN)[1]


def _kinds(message: Any) -> Any:
    """The tree of a mail's parts."""
    parts = [_kinds(part) for part in message.iter_parts()] if message.is_multipart() else []
    return (message.get_content_type(), *parts)


def _stamped(live: Answering, number: int) -> tuple[int, Any]:
    _, event = live.event(ANN, number)
    return int(event["SEQUENCE"]), event["DTSTAMP"].dt


def test_buttons_need_the_method_twice_in_one_alternative_and_the_recipient_as_attendee(
    live: Answering, invited: Any
) -> None:
    """icalendar#31, PHPMailer#175, Appointments#647, biweekly#102."""
    message = live.message(ANN)
    assert _kinds(message) == ("multipart/alternative", ("text/plain",), ("text/html",), ("text/calendar",))
    *_, part = message.iter_parts()
    assert (part.get_param("method"), part.get_content_charset()) == ("REQUEST", "utf-8")
    text = live.calendar(ANN)
    assert text.count("METHOD:REQUEST") == 1
    # One attendee, the recipient, who is asked.
    for read in READERS.values():
        (((address, _, partstat, rsvp),),) = [event["attendees"] for event in read([text])[0]]
        assert (address, partstat, rsvp) == (f"mailto:{message['To']}", "NEEDS-ACTION", "TRUE")


def test_outlook_says_not_supported_without_method_and_wants_a_mailto_organizer(live: Answering, invited: Any) -> None:
    """ical-generator#534, markuspoerschke/iCal#109: the whole file, line by line."""
    _, _, event = invited
    text = live.calendar(ANN).replace("\r\n ", "")
    uid, organizer = str(event["UID"]), str(event["ORGANIZER"])
    assert re.fullmatch(rf"mailto:answers\+[0-9a-z]{{26}}@{re.escape(DOMAIN)}", organizer)
    assert text.split("\r\n") == [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Muster//Live trainings//EN", "METHOD:REQUEST", "BEGIN:VEVENT",
        "SUMMARY:First aid", "DTSTART:20270201T080000Z", "DTEND:20270201T093000Z",
        f"DTSTAMP:{event['DTSTAMP'].to_ical().decode()}", f"UID:{uid}", "SEQUENCE:0",
        'ATTENDEE;CN="Ann Lee";CUTYPE=INDIVIDUAL;PARTSTAT=NEEDS-ACTION;ROLE=REQ-PARTICIPANT;RSVP=TRUE'
        f":mailto:{ANN}",
        "DESCRIPTION:Monday\\, 1 February 2027\\, 09:00 to 10:30 (Europe/Berlin\\, UTC+01:00)",
        "LOCATION:Room 1", f'ORGANIZER;CN="Acme Industries":{organizer}', "STATUS:CONFIRMED", "TRANSP:OPAQUE",
        "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip


@pytest.mark.parametrize("path", sorted(REPLIES.glob("*.eml")), ids=lambda path: path.stem)
def test_replies_as_programs_write_them(live: Answering, invited: Any, path: Path) -> None:
    """Outlook and Exchange drop the organizer (nextcloud/server#53949, #58904), Apple names people by other URIs."""
    training, _, event = invited
    raw = path.read_text(encoding="utf-8")
    for name, value in (("UID", event["UID"]), ("ORGANIZER", event["ORGANIZER"]), ("STAMP", _text(live.world.now))):
        raw = raw.replace("{" + name + "}", str(value))
    key = live.receive_raw(event["ORGANIZER"], raw.replace("\n", "\r\n").encode())
    row = live.row(training)
    expected = {"accepts": "confirmed", "declines": "declined", "proposes": "invited"}[path.stem.rpartition("_")[2]]
    assert (row["status"], row["answered_by"], live.kept(key)) == (expected, "calendar", False)
    if expected == "invited":
        assert row["remark"].startswith("Proposes Tuesday, 2 February 2027, 09:00 to 10:30 (Europe/Berlin, UTC+01:00)")


def test_no_time_floats_and_none_names_a_zone(live: Answering, invited: Any) -> None:
    """RoomBooking#18, spatie#22, ical4j#585, ical-generator#328, urlaubsverwaltung#4827: `TZID=UTC` is not `Z`."""
    text = live.calendar(ANN)
    times = re.findall(r"^(?:DT\w+|CREATED|LAST-MODIFIED)[^:\r]*:(.*?)\r$", text, re.MULTILINE)
    assert times
    assert all(re.fullmatch(r"\d{8}T\d{6}Z", one) for one in times)
    assert "TZID" not in text
    assert "VTIMEZONE" not in text


def test_an_update_is_ignored_unless_sequence_and_stamp_go_up(live: Answering, invited: Any) -> None:
    """nextcloud/calendar#1280, #4727, sabre-io/vobject#462, tmail-backend#975: strictly, with each change."""
    training, session, _ = invited
    other = live.session(training, starts_at="2027-03-01T09:00", ends_at="2027-03-01T10:00", place="Room 9")
    (row,) = live.participants(training)
    member = f"/{training}/participants/{row['member_id']}"
    changes = [
        lambda: live.patch(training, session, place="Room 2"),
        lambda: live.patch(training, session, starts_at="2027-02-02T09:00", ends_at="2027-02-02T10:00"),
        lambda: live.ask("PATCH", f"/{training}", {"title": "Second aid"}),
        lambda: live.ask("PATCH", member, {"session_id": other}),
        lambda: live.patch(training, other, instructor="Dr. Who"),
        lambda: live.ask("POST", f"{member}/cancel"),
    ]
    for change in changes:
        live.later(minutes=5)
        change()
        live.driver.work()
        live.send()
    stamps = [_stamped(live, number) for number in range(len(live.mails(ANN)))]
    assert len(stamps) == 1 + len(changes)
    for before, after in pairwise(stamps):
        assert after[0] > before[0]
        assert after[1] > before[1]
    assert len({str(live.event(ANN, number)[1]["UID"]) for number in range(len(stamps))}) == 1
    assert [live.event(ANN, number)[0] for number in range(len(stamps))] == ["REQUEST"] * 6 + ["CANCEL"]


def test_of_two_answers_with_one_sequence_the_later_stamp_counts(live: Answering, invited: Any) -> None:
    """Google's CANCEL may have the SEQUENCE of the REQUEST (tutanota#5732): both numbers order."""
    training, _, event = invited
    early = live.reply(event, "ACCEPTED")
    late = live.reply(event, "DECLINED", stamp=live.world.now + timedelta(seconds=1))
    live.later(minutes=1)
    live.receive(event["ORGANIZER"], late)
    live.receive(event["ORGANIZER"], early)
    assert live.row(training)["status"] == "declined"
    # A later SEQUENCE wins over a later stamp: some clocks are slow.
    slow = live.world.now + timedelta(minutes=5)
    old = live.reply(event, "DECLINED", stamp=live.world.now + timedelta(minutes=9))
    live.later(minutes=1)
    live.answer(ANN, "confirm")
    live.later(minutes=20)
    live.patch(*invited[:2], place="Room 2")
    live.driver.work()
    live.send()
    live.receive(event["ORGANIZER"], live.reply(live.event(ANN)[1], "ACCEPTED", stamp=slow))
    live.receive(event["ORGANIZER"], old)
    assert live.row(training)["status"] == "confirmed"


def test_an_alias_answers(live: Answering, invited: Any) -> None:
    """nextcloud/mail#11349: the address that the answer goes to decides, not the sender."""
    training, _, event = invited
    live.receive(event["ORGANIZER"], live.reply(event, attendee="a.lee@acme.example"), sender="a.lee@acme.example")
    assert live.row(training)["status"] == "confirmed"


@pytest.mark.parametrize(
    ("zone", "starts", "ends", "start", "end"),
    [
        ("Europe/Berlin", "2026-10-25T01:30", "2026-10-25T03:30", "20261024T233000Z", "20261025T023000Z"),
        ("Europe/Berlin", "2027-03-28T01:30", "2027-03-28T03:30", "20270328T003000Z", "20270328T013000Z"),
        ("Australia/Lord_Howe", "2027-04-04T01:00", "2027-04-04T02:30", "20270403T140000Z", "20270403T160000Z"),
        ("Asia/Kathmandu", "2027-05-01T22:00", "2027-05-02T01:00", "20270501T161500Z", "20270501T191500Z"),
        ("America/St_Johns", "2027-05-01T23:30", "2027-05-02T00:30", "20270502T020000Z", "20270502T030000Z"),
        ("Pacific/Chatham", "2027-05-01T09:00", "2027-05-01T10:00", "20270430T201500Z", "20270430T211500Z"),
    ],
)
def test_clock_changes_midnights_and_odd_offsets(
    live: Answering, zone: str, starts: str, ends: str, start: str, end: str
) -> None:
    """OpenMeet#257, newdle#350: half past one to half past three on the 25th of October is three hours."""
    live.world.now = live.world.now.replace(year=2026)
    training, session = live.one(time_zone=zone, starts_at=starts, ends_at=ends)
    live.enroll([live.person(BOB)], (training, session))
    live.send()
    text = live.calendar(BOB)
    for read in READERS.values():
        ((event,),) = read([text])
        assert (event["start"], event["end"]) == (start, end)


def test_a_cancellation_takes_the_entry_out(live: Answering, invited: Any) -> None:
    """METHOD in type and body, STATUS, the UID of the invitation, a higher SEQUENCE, nobody asked."""
    training, session, event = invited
    live.ask("POST", f"/{training}/sessions/{session}/cancel", {"reason": "Storm"})
    live.driver.work()
    live.send()
    message = live.message(ANN)
    assert isinstance(message, EmailMessage)
    *_, part = message.iter_parts()
    assert part.get_param("method") == "CANCEL"
    for read in READERS.values():
        ((found,),) = read([live.calendar(ANN)])
        assert (found["method"], found["status"], found["uid"]) == ("CANCEL", "CANCELLED", str(event["UID"]))
        assert found["sequence"] > int(event["SEQUENCE"])
        assert found["attendees"][0][3] == "FALSE"


def _text(instant: Any) -> str:
    return f"{instant:%Y%m%dT%H%M%SZ}"
