"""A random story of places and the waiting line against a plain list: never over, first come first served, none lost.

People are enrolled, leave, come back, are taken out; the capacity changes, and what was added is handed out by a job.
After each step the session is as the list says.
"""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from chalicelib.training.sessions import participant_store
from tests import cloud_state
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.live_trainings import LiveTrainings

_NUM_PEOPLE = 5
PERSON = st.integers(0, _NUM_PEOPLE - 1)


def test_places_and_the_line_are_as_a_plain_list_says(
    world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = cloud_state.snapshot()

    class Machine(Line):
        def __init__(self) -> None:
            # Without what earlier stories left, among which each look at all items takes longer.
            cloud_state.restore(fresh)
            super().__init__(LiveTrainings(world, driver, monkeypatch))

    run_state_machine_as_test(Machine, settings=settings(max_examples=12, stateful_step_count=20))


class Line(RuleBasedStateMachine):
    """Five people and a session of one to four places, with a waiting list."""

    def __init__(self, live: LiveTrainings) -> None:
        super().__init__()
        self.live = live
        self.chosen = live.one(capacity=1, waiting_list=True)
        self.people = live.world.members(live.org, _NUM_PEOPLE)
        self.capacity = 1
        self.seated: set[int] = set()
        self.line: list[int] = []
        # Who is neither, by what became of them.
        self.gone: dict[int, str] = {}
        # Messages that have not come yet.
        self.under_way: list[dict[str, Any]] = []

    @rule(person=PERSON)
    def enroll(self, person: int) -> None:
        self.live.later(minutes=1)
        self.live.enroll([self.people[person]], self.chosen, work=False)
        # Alone: places that were added meanwhile are handed out by another job.
        for job in ("enroll_people", "enroll_people_chunk"):
            self.under_way += self.live.world.messages()
            self.live.driver.deliver([one for one in self.under_way if one["job"] == job])
            self.under_way = [one for one in self.under_way if one["job"] != job]
        if person not in self.seated and person not in self.line and self.gone.get(person) != "declined":
            self._take(person)

    @rule(person=PERSON)
    def take_out(self, person: int) -> None:
        known = self._is_known(person)
        path = f"/{self.chosen[0]}/participants/{self.people[person]}/cancel"
        self.live.ask("POST", path, status=200 if known else 404)
        if known:
            self._leave(person, "cancelled")

    @rule(person=PERSON)
    def decline(self, person: int) -> None:
        expected = 303 if self._is_known(person) and self.gone.get(person) != "cancelled" else 409
        if self._answer(person, "decline", expected) == 303:
            self._leave(person, "declined")

    @rule(person=PERSON)
    def come_back(self, person: int) -> None:
        expected = 409 if person in self.line or self.gone.get(person) == "cancelled" else 303
        if self._answer(person, "confirm", expected) == 303 and person not in self.seated:
            self._take(person)

    @rule(capacity=st.integers(1, 4))
    def another_capacity(self, capacity: int) -> None:
        fits = capacity >= len(self.seated)
        self.live.patch(*self.chosen, 200 if fits else 409, capacity=capacity)
        if fits:
            self.capacity = capacity

    @rule()
    def jobs(self) -> None:
        if self.under_way:
            self.live.driver.deliver(self.under_way)
            self.under_way = []
        self.live.driver.work()
        while self.line and len(self.seated) < self.capacity:
            self.seated.add(self.line.pop(0))

    @invariant()
    def the_session_is_as_the_list_says(self) -> None:
        assert len(self.seated) <= self.capacity
        found = participant_store.participants_by_id(self.live.org, self.chosen[1], self.people)
        by_status: dict[str, set[int]] = {"seated": set(), "waiting": set(), "gone": set()}
        for number, member_id in enumerate(self.people):
            if member_id in found:
                status = found[member_id].status
                is_gone = status in ("declined", "cancelled")
                by_status["gone" if is_gone else "waiting" if status == "waiting" else "seated"].add(number)
        assert by_status == {"seated": self.seated, "waiting": set(self.line), "gone": set(self.gone)}
        assert participant_store.line(self.live.org, self.chosen[1]) == [self.people[one] for one in self.line]
        read = self.live.read(*self.chosen)
        assert (read["num_taken"], read["num_waiting"]) == (len(self.seated), len(self.line))

    # ------------------------------------------------------------ the plain list

    def _take(self, person: int) -> None:
        """A place if one is free and nobody waits for it, else the end of the line."""
        self.gone.pop(person, None)
        if not self.line and len(self.seated) < self.capacity:
            self.seated.add(person)
        else:
            self.line.append(person)

    def _leave(self, person: int, how: str) -> None:
        """The place goes to the first in line at once."""
        if person in self.line:
            self.line.remove(person)
        elif person in self.seated:
            self.seated.remove(person)
            if self.line:
                self.seated.add(self.line.pop(0))
        self.gone[person] = how

    # ------------------------------------------------------------ what is done

    def _is_known(self, person: int) -> bool:
        return person in self.seated or person in self.line or person in self.gone

    def _answer(self, person: int, word: str, expected: int) -> int:
        """By the link; 0 for who has none yet."""
        self.live.later(minutes=1)
        found = participant_store.participant(self.live.org, self.chosen[1], self.people[person])
        if found is None:
            return 0
        answer = self.live.world.submit(f"/rsvp/{found.token}", {"answer": word})
        assert answer.status == expected, answer.text
        return answer.status
