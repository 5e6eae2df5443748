"""A random story of admins and participants, and the calendar that a program makes of the mails (RFC 5546).

A program takes what has a higher SEQUENCE than its entry has, and nothing else. Whatever happens, in the end it shows
what the participants page shows.
"""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests import cloud_state
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.live_trainings import event_in
from tests.stories.reporting.reports.reading import assert_agree, refresh
from tests.stories.training.sessions.test_calendar_answers import DOMAIN, Answering

PERSON, SESSION = st.integers(0, 2), st.integers(0, 1)
WORDS = {"confirm": "ACCEPTED", "decline": "DECLINED"}


def test_the_calendar_shows_in_the_end_what_the_page_shows(
    world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANSWERS_DOMAIN", DOMAIN)
    fresh = cloud_state.snapshot()

    class Machine(Story):
        def __init__(self) -> None:
            # Without what earlier stories left, among which each look at all mails and items takes longer.
            cloud_state.restore(fresh)
            super().__init__(Answering(world, driver, monkeypatch))

    run_state_machine_as_test(Machine, settings=settings(max_examples=15, stateful_step_count=14))


class Story(RuleBasedStateMachine):
    """Three people, two sessions with two places and one."""

    def __init__(self, live: Answering) -> None:
        super().__init__()
        self.live = live
        self.training = live.training()
        self.sessions = [live.session(self.training, capacity=number, waiting_list=True) for number in (2, 1)]
        self.addresses = [f"p{number}.{live.org.lower()}@example.com" for number in range(3)]
        self.people = [live.person(address) for address in self.addresses]
        self.live.enroll(self.people, (self.training, self.sessions[0]))

    def _after_a_minute(self) -> None:
        # Each thing has a time of its own.
        self.live.later(minutes=1)

    def _any(self, method: str, path: str, body: Any = None) -> None:
        """Allowed or not: what is refused changes nothing."""
        self._after_a_minute()
        answer = self.live.world.request(method, self.live.base + path, as_=self.live.admin, body=body)
        assert answer.status in (200, 202, 404, 409), answer.text

    @rule(which=SESSION, room=st.integers(1, 9))
    def another_place(self, which: int, room: int) -> None:
        self._any("PATCH", f"/{self.training}/sessions/{self.sessions[which]}", {"place": f"Room {room}"})

    @rule(which=SESSION, day=st.integers(10, 28))
    def another_time(self, which: int, day: int) -> None:
        times = {"starts_at": f"2027-02-{day}T09:00", "ends_at": f"2027-02-{day}T10:30"}
        self._any("PATCH", f"/{self.training}/sessions/{self.sessions[which]}", times)

    @rule(person=PERSON, which=SESSION)
    def move(self, person: int, which: int) -> None:
        path = f"/{self.training}/participants/{self.people[person]}"
        self._any("PATCH", path, {"session_id": self.sessions[which]})

    @rule(person=PERSON)
    def cancel(self, person: int) -> None:
        self._any("POST", f"/{self.training}/participants/{self.people[person]}/cancel")

    @rule(person=PERSON, which=SESSION)
    def enroll(self, person: int, which: int) -> None:
        items = [{"training_id": self.training, "session_id": self.sessions[which]}]
        self._any("POST", "/enroll", {"member_ids": [self.people[person]], "items": items})

    @rule()
    def jobs(self) -> None:
        self.live.driver.work()

    @rule()
    def mails(self) -> None:
        self.live.send()

    @rule(person=PERSON, word=st.sampled_from(sorted(WORDS)))
    def answer_by_link(self, person: int, word: str) -> None:
        self._after_a_minute()
        with_link = [mail for mail in self.live.mails(self.addresses[person]) if "/rsvp/" in mail["BodyText"]]
        if with_link:
            token = with_link[-1]["BodyText"].split("/rsvp/")[1].split()[0]
            answer = self.live.world.submit(f"/rsvp/{token}", {"answer": word})
            assert answer.status in (303, 404, 409), answer.text

    @rule(person=PERSON, word=st.sampled_from(sorted(WORDS)), which=st.integers(0, 5), minutes_old=st.integers(0, 3))
    def answer_by_calendar(self, person: int, word: str, which: int, minutes_old: int) -> None:
        """To any of the invitations, and perhaps held back for a while."""
        self._after_a_minute()
        requests = [event for method, event in self._events(person) if method == "REQUEST"]
        if requests:
            event = requests[which % len(requests)]
            stamp = self.live.world.now - timedelta(minutes=minutes_old)
            self.live.receive(event["ORGANIZER"], self.live.reply(event, WORDS[word], stamp=stamp))

    def teardown(self) -> None:
        for _ in range(3):
            self.live.driver.work()
            self.live.send()
        for session in self.sessions:
            self.live.sound(session)
        rows: dict[str, list[dict[str, Any]]] = {member_id: [] for member_id in self.people}
        for row in self.live.participants(self.training):
            rows[row["member_id"]].append(row)
        for person, member_id in enumerate(self.people):
            self._compare(person, rows[member_id])
        # And the reports count what the page shows.
        refresh(self.live.driver, self.live.admin, f"/orgs/{self.live.org}")
        assert_agree(self.live.world, self.live.admin, self.live.org)

    def _compare(self, person: int, rows: list[dict[str, Any]]) -> None:
        """Who is to come has one entry, as the session is; who is not expected and did not decline has none."""
        live = self._calendar(person)
        expected = [row for row in rows if row["status"] in ("invited", "confirmed")]
        assert len(expected) <= 1
        if expected:
            session = self.live.read(self.training, expected[0]["session_id"])
            start = session["starts_utc"].replace("-", "").replace(":", "")
            assert (start, session["place"]) in live.values(), (live, session, self._events(person))
        elif all(row["status"] == "cancelled" for row in rows):
            assert live == {}, self._events(person)

    def _calendar(self, person: int) -> dict[str, tuple[str, str]]:
        """Start and place by UID."""
        entries: dict[str, tuple[int, tuple[str, str] | None]] = {}
        for method, event in self._events(person):
            uid, sequence = str(event["UID"]), int(event["SEQUENCE"])
            known = entries.get(uid)
            assert known is None or sequence > known[0], f"SEQUENCE of {uid} goes from {known} to {sequence}"
            shown = (event["DTSTART"].to_ical().decode(), str(event["LOCATION"]))
            entries[uid] = (sequence, shown if method == "REQUEST" else None)
        return {uid: shown for uid, (_, shown) in entries.items() if shown is not None}

    def _events(self, person: int) -> list[tuple[str, Any]]:
        found = []
        for number in range(len(self.live.mails(self.addresses[person]))):
            parts = list(self.live.message(self.addresses[person], number).walk())
            texts = [part.get_payload(decode=True) for part in parts if part.get_content_type() == "text/calendar"]
            found += [event_in(text.decode()) for text in texts]  # type: ignore[union-attr]
        return found
