"""A random story of one participant's answers against RFC 5546: what counts is the latest by SEQUENCE and time stamp.

Replies come late, twice, from an alias, of somebody else, and forged, between updates, a cancellation and an enrollment
anew. After each of them the participants page shows what the model says.
"""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests import cloud_state
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.live_trainings import event_in
from tests.stories.training.sessions.test_calendar_answers import DOMAIN, Answering

_STATUS_BY_PARTSTAT = {"ACCEPTED": "confirmed", "DECLINED": "declined", "TENTATIVE": "invited"}
_STATUS_BY_BUTTON = {"confirm": "confirmed", "decline": "declined"}

PARTSTAT = st.sampled_from(sorted(_STATUS_BY_PARTSTAT))


def test_the_latest_answer_counts_whatever_the_order_in_which_they_come(
    world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANSWERS_DOMAIN", DOMAIN)
    fresh = cloud_state.snapshot()

    class Machine(Answers):
        def __init__(self) -> None:
            # Without what earlier stories left, among which each look at all mails and items takes longer.
            cloud_state.restore(fresh)
            super().__init__(Answering(world, driver, monkeypatch))

    run_state_machine_as_test(Machine, settings=settings(max_examples=15, stateful_step_count=18))


class Answers(RuleBasedStateMachine):
    def __init__(self, live: Answering) -> None:
        super().__init__()
        self.live = live
        self.chosen = live.one()
        mark = live.org.lower()
        self.address, self.colleague = f"ann.{mark}@example.com", f"bob.{mark}@example.com"
        self.member = live.person(self.address)
        live.person(self.colleague)
        live.enroll([self.member], self.chosen)
        live.send()
        self.status = "invited"
        # SEQUENCE and instant of the latest answer, and the invitations of this participation.
        self.known: tuple[int, datetime] | None = None
        self.num_earlier_mails = 0

    @rule()
    def update(self) -> None:
        self._after_a_minute()
        sequence = self.live.read(*self.chosen)["sequence"]
        self.live.patch(*self.chosen, place=f"Room {sequence}")
        self._settle()

    @rule()
    def cancel(self) -> None:
        self._after_a_minute()
        self.live.ask("POST", f"/{self.chosen[0]}/participants/{self.member}/cancel")
        self.status = "cancelled"
        self._settle()

    @rule()
    def enroll_anew(self) -> None:
        self._after_a_minute()
        num_mails = len(self.live.mails(self.address))
        self.live.enroll([self.member], self.chosen)
        if self.status == "cancelled":
            self.status, self.known, self.num_earlier_mails = "invited", None, num_mails
        self._settle()

    @rule(partstat=PARTSTAT, which=st.integers(0, 5), minutes_old=st.integers(0, 4), alias=st.booleans())
    def reply(self, partstat: str, which: int, minutes_old: int, alias: bool) -> None:
        """To any of the invitations of this participation, perhaps held back; and the same once more."""
        self._after_a_minute()
        events = self._requests()
        event = events[which % len(events)]
        stamp = self.live.world.now - timedelta(minutes=minutes_old)
        attendee = "somebody@elsewhere.example" if alias else self.address
        lines = self.live.reply(event, partstat, stamp=stamp, attendee=attendee)
        for _ in range(2):
            self.live.receive(event["ORGANIZER"], lines, sender=attendee)
        # Who declined, and then says perhaps, has no place to keep.
        is_open = self.status != "cancelled" and (partstat != "TENTATIVE" or self.status != "declined")
        answered = (int(event["SEQUENCE"]), stamp)
        if is_open and (self.known is None or answered > self.known):
            self.status, self.known = _STATUS_BY_PARTSTAT[partstat], answered
        self._settle()

    @rule(button=st.sampled_from(sorted(_STATUS_BY_BUTTON)))
    def answer_by_link(self, button: str) -> None:
        self._after_a_minute()
        self.live.world.submit(f"/rsvp/{self._token()}", {"answer": button})
        if self.status != "cancelled":
            (row,) = [one for one in self.live.world.dump("core") if one.get("participation_id") and "asked" in one
                      and one["member_id"] == self.member]  # fmt: skip
            sequence = int(row["sequence"]) + self.live.read(*self.chosen)["sequence"]
            self.status, self.known = _STATUS_BY_BUTTON[button], (sequence, self.live.world.now)
        self._settle()

    @rule(partstat=PARTSTAT)
    def forged(self, partstat: str) -> None:
        self._after_a_minute()
        event = self._requests()[-1]
        self.live.receive(event["ORGANIZER"], self.live.reply(event, partstat), spf="FAIL", dkim="FAIL")

    @rule(partstat=PARTSTAT)
    def of_somebody_else(self, partstat: str) -> None:
        """It was passed on to a colleague; and an answer to an invitation that was never sent."""
        self._after_a_minute()
        event = self._requests()[-1]
        self.live.receive(event["ORGANIZER"], self.live.reply(event, partstat, attendee=self.colleague))
        other = {**event, "UID": f"01ARZ3NDEKTSV4RRFFQ69G5FAV@{DOMAIN}"}
        self.live.receive(event["ORGANIZER"], self.live.reply(other, partstat))

    @rule(which=st.integers(0, 3), partstat=PARTSTAT)
    def to_an_earlier_participation(self, which: int, partstat: str) -> None:
        self._after_a_minute()
        earlier = self._requests(earlier=True)
        if earlier:
            event = earlier[which % len(earlier)]
            self.live.receive(event["ORGANIZER"], self.live.reply(event, partstat))

    @invariant()
    def the_page_shows_the_latest(self) -> None:
        (row,) = self.live.participants(self.chosen[0])
        assert row["status"] == self.status
        self.live.sound(self.chosen[1])

    def _after_a_minute(self) -> None:
        self.live.later(minutes=1)

    def _settle(self) -> None:
        for _ in range(2):
            self.live.driver.work()
            self.live.send()

    def _requests(self, *, earlier: bool = False) -> list[Any]:
        """The events of the invitations, of this participation or of those before."""
        found = []
        for number in range(len(self.live.mails(self.address))):
            if earlier == (number < self.num_earlier_mails):
                parts = list(self.live.message(self.address, number).walk())
                texts = [part.get_payload(decode=True) for part in parts if part.get_content_type() == "text/calendar"]
                found += [event_in(text.decode()) for text in texts]  # type: ignore[union-attr]
        return [event for method, event in found if method == "REQUEST"]

    def _token(self) -> str:
        return str(self._requests()[-1]["ORGANIZER"]).partition("+")[2].partition("@")[0]
