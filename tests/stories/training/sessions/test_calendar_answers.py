"""Answers by mail from calendar programs (B13): as Outlook, Google and Apple write them; late, doubled, forged."""

import json
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from chalicelib import mailer
from chalicelib.aws.files import files
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.live_trainings import LiveTrainings

ANN, BOB = "ann@example.com", "bob@example.com"
DOMAIN = "in.muster.example"


class Answering(LiveTrainings):
    """Mails that came in lie in the bucket; SES's notification says which, and what it found out about them."""

    num_received = 0

    def reply(self, event: Any, partstat: str = "ACCEPTED", *, method: str = "REPLY", **more: Any) -> list[str]:
        """The lines of a complete answer, as Google writes it."""
        stamp: datetime = more.get("stamp", self.world.now)
        return [
            "BEGIN:VCALENDAR", "PRODID:-//Google Inc//Google Calendar 70.9054//EN", "VERSION:2.0",
            "CALSCALE:GREGORIAN", f"METHOD:{method}", "BEGIN:VEVENT",
            f"DTSTART:{more.get('start', '20270201T080000Z')}",
            f"DTEND:{more.get('end', '20270201T093000Z')}", f"DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}",
            f"ORGANIZER;CN=Acme Industries:{event['ORGANIZER']}", f"UID:{event['UID']}",
            f"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT={partstat};CN={ANN};X-NUM-GUESTS=0:mailto:"
            + more.get("attendee", ANN),
            *more.get("others", ()),
            *([f"COMMENT:{more['comment']}"] if "comment" in more else []),
            f"SEQUENCE:{more.get('sequence', int(event['SEQUENCE']))}", "STATUS:CONFIRMED", "SUMMARY:First aid",
            "END:VEVENT", "END:VCALENDAR", "",
        ]  # fmt: skip

    def receive(
        self, organizer: str, lines: list[str], *, sender: str = ANN, method: str | None = "REPLY", **verdicts: str
    ) -> str:
        """Put a mail into the bucket and tell of it; gives its key."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = sender, organizer.removeprefix("mailto:"), "Accepted"
        message.set_content("Ann has accepted.")
        params = {"method": method} if method else {}
        message.add_alternative("\r\n".join(lines), subtype="calendar", params=params)
        return self.receive_raw(organizer, message.as_bytes(), **verdicts)

    def receive_raw(self, organizer: str, raw: bytes, **verdicts: str) -> str:
        self.num_received += 1
        key = f"answers/{self.num_received}"
        files().write(key, [raw], "message/rfc822")
        self.notify(key, organizer, **verdicts)
        return key

    def notify(self, key: str, organizer: str, **verdicts: str) -> None:
        found = {"spam": "PASS", "virus": "PASS", "spf": "PASS", "dkim": "PASS", **verdicts}
        receipt = {
            "recipients": [organizer.removeprefix("mailto:")],
            **{f"{name}Verdict": {"status": status} for name, status in found.items()},
            "action": {"type": "S3", "bucketName": "b", "objectKeyPrefix": "answers/", "objectKey": key},
        }
        message = {"notificationType": "Received", "mail": {"messageId": "m", "source": ANN}, "receipt": receipt}
        mailer.handle_answers({"Records": [{"Sns": {"Message": json.dumps(message)}}]}, clock=lambda: self.world.now)

    def kept(self, key: str) -> bool:
        return files().read(key, 10) is not None

    def row(self, training: str, number: int = 0) -> dict[str, Any]:
        return self.participants(training)[number]


@pytest.fixture
def live(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Answering:
    monkeypatch.setenv("ANSWERS_DOMAIN", DOMAIN)
    return Answering(world, driver, monkeypatch)


@pytest.fixture
def invited(live: Answering) -> tuple[str, str, Any]:
    """A training, its session, and the event in Ann's invitation."""
    training, session = live.one(capacity=1, waiting_list=True)
    live.enroll([live.person(ANN), live.person(BOB)], (training, session))
    live.send()
    live.later(minutes=1)
    event = live.event(ANN)[1]
    assert str(event["ORGANIZER"]).endswith(f"@{DOMAIN}")
    # RFC 5321: 64 characters before the at sign, at most.
    assert len(str(event["ORGANIZER"]).removeprefix("mailto:").partition("@")[0]) <= 64
    return training, session, event


def test_an_answer_counts_like_one_by_link_and_its_mail_is_deleted(live: Answering, invited: Any) -> None:
    training, session, event = invited
    key = live.receive(event["ORGANIZER"], live.reply(event, comment="Gladly"))
    row = live.row(training)
    assert (row["status"], row["answered_by"], row["remark"]) == ("confirmed", "calendar", "Gladly")
    assert not live.kept(key)
    live.later(minutes=1)
    live.receive(event["ORGANIZER"], live.reply(event, "DECLINED"))
    assert live.row(training)["status"] == "declined"
    live.driver.work()
    live.send()
    assert live.subjects(BOB)[-1] == "Invitation: First aid"
    live.sound(session)


def test_what_programs_leave_out_is_forgiven(live: Answering, invited: Any) -> None:
    training, _, event = invited
    without = ("ORGANIZER", "SEQUENCE", "DTSTAMP", "CALSCALE", "DTSTART", "DTEND", "SUMMARY")
    # Outlook and Exchange drop the organizer (nextcloud/server#53949); the method is in the body or in the header.
    for number, (method, gone) in enumerate([("REPLY", ("ORGANIZER",)), ("REPLY", ("METHOD",)), (None, without)]):
        partstat = "DECLINED" if number % 2 else "ACCEPTED"
        lines = [line for line in live.reply(event, partstat) if not line.startswith(tuple(gone))]
        live.receive(event["ORGANIZER"], lines, method=method)
        assert live.row(training)["status"] == ("confirmed" if partstat == "ACCEPTED" else "declined"), gone
        live.driver.work()
        # Bob got the place meanwhile, and gives it back.
        if partstat == "DECLINED":
            live.send()
            live.answer(BOB, "decline")
        live.later(minutes=1)


def test_the_address_decides_whose_answer_it_is_and_not_the_sender(live: Answering, invited: Any) -> None:
    training, _, event = invited
    live.receive(
        "mailto:" + str(event["ORGANIZER"]).removeprefix("mailto:").upper(),
        live.reply(event),
        sender="ann.lee@home.example",
    )
    assert live.row(training)["status"] == "confirmed"


def test_a_colleague_to_whom_it_was_passed_on_does_not_answer_for_them(live: Answering, invited: Any) -> None:
    training, session, event = invited
    key = live.receive(event["ORGANIZER"], live.reply(event, "DECLINED", attendee=BOB.upper()), sender=BOB)
    assert (live.row(training)["status"], live.kept(key)) == ("invited", True)
    # An address that nobody here has may be an alias of the person.
    key = live.receive(event["ORGANIZER"], live.reply(event, attendee="ann.lee@home.example"))
    assert (live.row(training)["status"], live.kept(key)) == ("confirmed", False)
    live.sound(session)


def test_of_several_people_in_an_answer_the_invited_one_s_counts(live: Answering, invited: Any) -> None:
    training, _, event = invited
    other = [f"ATTENDEE;PARTSTAT=DECLINED:mailto:{BOB}", "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:x@elsewhere.example"]
    live.receive(event["ORGANIZER"], live.reply(event, "ACCEPTED", others=other))
    assert live.row(training)["status"] == "confirmed"
    live.later(minutes=1)
    key = live.receive(event["ORGANIZER"], live.reply(event, "DECLINED", attendee="y@z.example", others=other[1:]))
    assert (live.row(training)["status"], live.kept(key)) == ("confirmed", True)


def test_a_forged_number_or_clock_does_not_silence_what_comes_after_it(live: Answering, invited: Any) -> None:
    training, _, event = invited
    future = live.world.now + timedelta(days=3000)
    live.receive(event["ORGANIZER"], live.reply(event, "ACCEPTED", sequence=9999, stamp=future))
    assert live.row(training)["status"] == "confirmed"
    live.later(minutes=1)
    live.receive(event["ORGANIZER"], live.reply(event, "DECLINED"))
    assert live.row(training)["status"] == "declined"


def test_who_would_send_somebody_else_keeps_the_place_until_the_organizer_decides(
    live: Answering, invited: Any
) -> None:
    training, session, event = invited
    live.receive(event["ORGANIZER"], live.reply(event, "DELEGATED"))
    assert (live.row(training)["status"], live.row(training)["remark"]) == ("invited", "Would send somebody else")
    live.sound(session)


def test_answers_count_in_their_own_order_and_once(live: Answering, invited: Any) -> None:
    training, session, event = invited
    early = live.reply(event, "DECLINED")
    live.later(minutes=5)
    late = live.reply(event, "ACCEPTED")
    for lines in (late, early, late):
        live.receive(event["ORGANIZER"], lines)
        assert live.row(training)["status"] == "confirmed"
    # One by link is later than what a server held back.
    live.later(minutes=5)
    held_back = live.reply(event, "DECLINED")
    live.later(minutes=5)
    live.answer(ANN, "confirm")
    live.world.submit(f"/rsvp/{live.token(ANN)}", {"answer": "decline"})
    live.driver.work()
    live.later(minutes=5)
    live.receive(event["ORGANIZER"], held_back)
    assert live.row(training)["status"] == "declined"
    live.sound(session)


def test_perhaps_and_another_time_are_kept_as_a_remark(live: Answering, invited: Any) -> None:
    training, session, event = invited
    live.receive(event["ORGANIZER"], live.reply(event, "TENTATIVE"))
    assert (live.row(training)["status"], live.row(training)["remark"]) == ("invited", "Tentative")
    live.later(minutes=1)
    lines = live.reply(
        event, method="COUNTER", start="20270202T080000Z", end="20270202T093000Z", comment="A day later?"
    )
    live.receive(event["ORGANIZER"], lines, method="COUNTER")
    row = live.row(training)
    assert row["remark"] == (
        "Proposes Tuesday, 2 February 2027, 09:00 to 10:30 (Europe/Berlin, UTC+01:00) A day later?"
    )
    live.sound(session)


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("20270202T230000Z", "20270203T010000Z",
         "Proposes Wednesday, 3 February 2027, 00:00 to 02:00 (Europe/Berlin, UTC+01:00)"),
        ("20270702T090000", "20270703T010000",
         "Proposes Friday, 2 July 2027, 09:00 to Saturday, 3 July 2027, 01:00 (Europe/Berlin, UTC+02:00)"),
        ("20270202", "20270203", "Proposes Tuesday, 2 February 2027"),
        ("20270202T080000Z", "20270203", "Proposes Tuesday, 2 February 2027, 09:00 (Europe/Berlin, UTC+01:00)"),
        ("00010101T000000Z", "99991231T235959Z", "Tentative"),
    ],
)  # fmt: skip
def test_whatever_time_is_proposed_is_kept_in_the_session_s_own(
    live: Answering, invited: Any, start: str, end: str, words: str
) -> None:
    training, _, event = invited
    lines = live.reply(event, "TENTATIVE", method="COUNTER", start=start, end=end)
    key = live.receive(event["ORGANIZER"], lines, method="COUNTER")
    assert (live.row(training)["remark"], live.row(training)["status"], live.kept(key)) == (words, "invited", False)


def test_who_thinks_better_of_it_in_the_calendar_when_all_places_are_taken_waits(live: Answering, invited: Any) -> None:
    training, session, event = invited
    live.receive(event["ORGANIZER"], live.reply(event, "DECLINED"))
    live.later(minutes=1)
    live.receive(event["ORGANIZER"], live.reply(event, "ACCEPTED"))
    assert sorted(row["status"] for row in live.participants(training)) == ["invited", "waiting"]
    live.sound(session)


@pytest.mark.parametrize(
    "verdicts", [{"spf": "FAIL", "dkim": "GRAY"}, {"virus": "FAIL"}, {"spam": "FAIL"}], ids=lambda one: str(one)
)
def test_mail_that_is_not_verified_changes_nothing_and_is_kept_apart(
    live: Answering, invited: Any, verdicts: dict[str, str]
) -> None:
    training, _, event = invited
    key = live.receive(event["ORGANIZER"], live.reply(event), **verdicts)
    assert (live.row(training)["status"], live.kept(key)) == ("invited", True)
    live.receive(event["ORGANIZER"], live.reply(event), spf="FAIL")
    assert live.row(training)["status"] == "confirmed"


def test_mail_that_says_nothing_of_ours_changes_nothing_and_is_kept_apart(live: Answering, invited: Any) -> None:
    training, _, event = invited
    organizer = str(event["ORGANIZER"])
    other = {**event, "UID": "01ARZ3NDEKTSV4RRFFQ69G5FAV@elsewhere"}
    keys = [
        live.receive_raw(organizer, b"Subject: Out of office\r\n\r\nI am away."),
        live.receive_raw(organizer, b"\x00\xff not a mail"),
        live.receive(organizer, ["BEGIN:VCALENDAR", "METHOD:REPLY", "no calendar"]),
        live.receive(organizer, live.reply(event, method="REQUEST"), method="REQUEST"),
        live.receive(organizer, live.reply(other)),
        live.receive(f"mailto:answers+{'0' * 26}@{DOMAIN}", live.reply(event)),
        live.receive(f"mailto:training@{DOMAIN}", live.reply(event)),
    ]
    assert live.row(training)["status"] == "invited"
    assert all(live.kept(key) for key in keys)
    before = live.world.dump("core")
    live.notify("answers/gone", organizer)
    mailer.handle_answers({"Records": [{"Sns": {"Message": "Successfully validated SNS topic"}}]})
    assert live.world.dump("core") == before
    # Nobody is answered.
    live.driver.work()
    live.send()
    assert len(live.mails(ANN)) == 1


def test_an_answer_to_what_is_full_off_or_over_is_kept_apart(live: Answering, invited: Any) -> None:
    training, _, event = invited
    live.driver.until("2027-02-01T08:00")
    key = live.receive(event["ORGANIZER"], live.reply(event))
    assert (live.row(training)["status"], live.kept(key)) == ("invited", True)


def test_an_answer_after_a_move_is_for_the_session_that_the_person_is_in(live: Answering, invited: Any) -> None:
    training, _, event = invited
    other = live.session(training, starts_at="2027-03-01T09:00", ends_at="2027-03-01T10:00")
    ann = live.row(training)["member_id"]
    live.ask("PATCH", f"/{training}/participants/{ann}", {"session_id": other})
    live.driver.work()
    live.send()
    live.later(minutes=1)
    live.receive(event["ORGANIZER"], live.reply(live.event(ANN)[1], stamp=live.world.now + timedelta(seconds=1)))
    (row,) = live.participants(training, f"session_id={other}")
    assert (row["member_id"], row["status"]) == (ann, "confirmed")
