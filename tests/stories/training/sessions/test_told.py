"""What people were told is noted many at a time: each once, whoever else tells the same people at the same moment."""

from typing import Any

import pytest

from chalicelib.core.errors import ConditionFailed
from chalicelib.core.ids import new_id
from chalicelib.notifications import notice_store
from chalicelib.training.sessions import participant_store, told_store
from chalicelib.training.sessions.enrolling import enroll_chunk
from chalicelib.training.sessions.models import Participant, session_pk
from chalicelib.training.sessions.told_store import Note
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.live_trainings import LiveTrainings

ACCOUNT = "00000000-0000-0000-0000-0000000000aa"


class Untold:
    """Participants whom nobody has told anything yet, as a job has read them."""

    def __init__(self, live: LiveTrainings, num: int) -> None:
        self.live = live
        self.pair = live.one()
        self.people = live.world.members(live.org, num)
        live.enroll(self.people, self.pair)

    def read(self) -> list[Participant]:
        found = participant_store.participants_by_id(self.live.org, self.pair[1], self.people)
        return [found[member_id] for member_id in self.people]

    def notice(self) -> Any:
        return notice_store.write(ACCOUNT, "training_invited", self.live.org, new_id(self.live.world.now), {},
                                  self.live.world.now)  # fmt: skip

    def num_notices(self) -> int:
        return sum(1 for item in self.live.world.dump("outbox") if item["sk"].startswith("NOTICE#"))


@pytest.fixture
def untold(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Untold:
    monkeypatch.setattr(enroll_chunk, "tell_results", lambda *_: None)
    return Untold(LiveTrainings(world, driver, monkeypatch), 30)


def _told(participants: list[Participant]) -> list[tuple[int | None, int | None, bool | None]]:
    return [(one.first_told, one.told_sequence, one.told_waiting) for one in participants]


@pytest.mark.parametrize("with_notice", [False, True])
def test_who_was_told_meanwhile_keeps_the_later_and_the_others_are_told(untold: Untold, with_notice: bool) -> None:
    def notes(participants: list[Participant], sequence: int | None) -> list[Note]:
        return [Note(one, sequence, untold.notice() if with_notice else None) for one in participants]

    before = untold.read()
    # One was told the same meanwhile, one of a later change, one of an earlier.
    for number, sequence in ((0, 3), (1, 4), (2, 2)):
        told_store.put(notes([before[number]], sequence))
    told_store.put(notes(before, 3))
    assert _told(untold.read())[:4] == [(3, 3, None), (4, 4, None), (3, 3, None), (3, 3, None)]
    assert {one.told_sequence for one in untold.read()[3:]} == {3}
    assert untold.num_notices() == (3 + 28 if with_notice else 0)
    # Again, and of what came before: nothing.
    told_store.put(notes(before, 3))
    told_store.put(notes(untold.read(), 2))
    assert untold.num_notices() == (31 if with_notice else 0)
    # A later change is told to all but for whom it is none; the first stays.
    told_store.put(notes(untold.read(), 4))
    assert _told(untold.read())[:2] == [(3, 4, None), (4, 4, None)]
    assert untold.num_notices() == (31 + 29 if with_notice else 0)
    # A place in line is told once, beside all others.
    told_store.put(notes(before, None))
    told_store.put(notes(untold.read(), None))
    assert all(one.told_waiting for one in untold.read())
    assert untold.num_notices() == (31 + 29 + 30 if with_notice else 0)


@pytest.mark.parametrize("with_notice", [False, True])
def test_a_participation_that_was_made_anew_is_not_told_what_the_old_one_was(untold: Untold, with_notice: bool) -> None:
    (old, *others) = untold.read()
    old.participation_id = "another"
    notice = untold.notice() if with_notice else None
    told_store.put([Note(old, 1, notice), Note(others[0], 1, untold.notice() if with_notice else None)])
    assert _told(untold.read())[:2] == [(None, None, None), (1, 1, None)]
    assert untold.num_notices() == int(with_notice)


def test_what_was_told_while_somebody_is_moved_goes_along(untold: Untold) -> None:
    """Else a later cancellation would find nobody who has an entry to lose."""
    before, after = untold.read()[0], untold.read()[0]
    after.pk = session_pk(untold.live.org, untold.live.session(untold.pair[0]))
    told_store.put([Note(before, 0)])
    with pytest.raises(ConditionFailed):
        participant_store.commit(participant_store.move_writes(before, after))
    told_store.put([Note(untold.read()[0], 1)])
    with pytest.raises(ConditionFailed):
        participant_store.commit(participant_store.move_writes(before, after))
    participant_store.commit(participant_store.move_writes(untold.read()[0], after))
