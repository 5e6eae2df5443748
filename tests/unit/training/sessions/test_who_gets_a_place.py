"""Who gets a place and who is next, over writes in memory; the writes themselves are in test_place_counters.py."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.core.errors import ConditionFailed, Conflict
from chalicelib.training.sessions import places
from chalicelib.training.sessions.messages import FillPlaces, TellPeople
from chalicelib.training.sessions.models import Session, session_ref
from chalicelib.training.sessions.states import ParticipantStatus

NOW = datetime(2027, 1, 4, 10, 0, tzinfo=UTC)
REF = session_ref("1", "2", "3")


@dataclass
class Stored:
    """Of one session: who waits, in order, and what was written and sent."""

    session: Session | None = None
    line: list[Any] = field(default_factory=list)
    # Those whose status is another by the time that they are read.
    moved: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    writes: list[list[Any]] = field(default_factory=list)
    sent: list[TellPeople] = field(default_factory=list)
    closed: list[Any] = field(default_factory=list)
    limits: list[int] = field(default_factory=list)
    num_refused: int = 0

    def first_in_line(self, org_id: str, session_id: str, limit: int) -> list[Any]:
        assert (org_id, session_id) == ("1", "3")
        self.limits.append(limit)
        return self.line[:limit]

    def participants_by_id(self, org_id: str, session_id: str, member_ids: list[str]) -> dict[str, Any]:
        found = {one.member_id: one for one in self.line if one.member_id in member_ids}
        for name in self.moved & found.keys():
            found[name].status = ParticipantStatus.INVITED
        return {name: one for name, one in found.items() if name not in self.gone}

    def commit(self, writes: list[Any]) -> None:
        if self.num_refused:
            self.num_refused -= 1
            raise ConditionFailed()
        self.writes.append(writes)
        number = writes[0][1]
        self.line = self.line[number:]
        assert self.session is not None
        self.session.num_taken += number
        self.session.num_waiting -= number


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> Stored:
    made = Stored()
    for name in ("take_places", "leave_line", "leave_place", "leave_place_for_good", "hand_over_place", "fill"):
        monkeypatch.setattr(places.place_store, name, lambda session, *numbers, name=name: (name, *numbers))
    for name in ("first_in_line", "participants_by_id", "commit"):
        monkeypatch.setattr(places.participant_store, name, getattr(made, name))
    monkeypatch.setattr(places.participant_store, "line_exit", lambda who: ("line_exit", who.member_id))
    monkeypatch.setattr(places.participant_store, "promote_writes", lambda who: [("promote", who.member_id)])
    monkeypatch.setattr(places.store, "session", lambda *ids: made.session if ids == ("1", "2", "3") else None)
    monkeypatch.setattr(places.due, "write", lambda job: ("due", *job.member_ids))
    monkeypatch.setattr(places.due, "close", made.closed.append)
    monkeypatch.setattr(places.queue, "send_soon", lambda *jobs: made.sent.extend(jobs))
    return made


def _session(**values: Any) -> Session:
    times = {"starts_at": "", "ends_at": "", "time_zone": "", "ends_utc": "", "created_at": ""}
    given = {"starts_utc": "2027-01-04T10:00:01Z", **values}
    return Session(REF.pk, REF.sk, training_id="2", session_id="3", **times, **given)


def _person(name: str, status: str = "waiting", visible_from: str = "2027-01-01T00:00:00Z") -> Any:
    return SimpleNamespace(member_id=name, status=status, visible_from=visible_from, org_id="1")


@pytest.mark.parametrize(
    ("session", "free"),
    [
        ({"capacity": 3, "num_taken": 1}, 2),
        ({"capacity": 3, "num_taken": 4}, 0),
        ({"capacity": 3, "num_taken": 1, "num_waiting": 1}, 0),
        ({"num_taken": 9}, None),
        ({"num_waiting": 1}, 0),
    ],
)
def test_how_many_places_are_free_for_newcomers(session: dict[str, Any], free: int | None) -> None:
    assert places.num_free(_session(**session)) == free


def test_one_more_gets_a_place_or_waits_or_is_refused(stored: Stored) -> None:
    place, line = ("invited", ("take_places", 1, 0)), ("waiting", ("take_places", 0, 1))
    assert places.take_one(_session(capacity=3, num_taken=2)) == place
    assert places.take_one(_session()) == place
    assert places.take_one(_session(capacity=3, num_taken=3, waiting_list=True)) == line
    with pytest.raises(Conflict) as refused:
        places.take_one(_session(capacity=3, num_taken=3))
    assert refused.value.code == "session_full"


@pytest.mark.parametrize(
    ("status", "session", "writes"),
    [
        ("waiting", {}, [("leave_line",), ("line_exit", "ann")]),
        ("declined", {}, []),
        ("confirmed", {}, [("hand_over_place",), ("promote", "bob"), ("due", "bob")]),
        ("confirmed", {"status": "cancelled"}, [("leave_place_for_good",)]),
        ("confirmed", {"starts_utc": "2027-01-04T10:00:00Z"}, [("leave_place_for_good",)]),
    ],
)
def test_a_leaver_s_place_goes_to_the_first_in_line(
    stored: Stored, status: str, session: dict[str, Any], writes: list[Any]
) -> None:
    stored.line = [_person("bob"), _person("carol")]
    made, jobs = places.leave("0", _session(**session), _person("ann", status), NOW)
    assert made == writes
    assert [job.member_ids for job in jobs] == ([["bob"]] if ("due", "bob") in writes else [])


def test_a_place_becomes_free_when_nobody_waits(stored: Stored) -> None:
    assert places.leave("0", _session(), _person("ann", "invited"), NOW) == ([("leave_place",)], [])


def test_a_line_that_changes_while_it_is_read_is_read_again(stored: Stored) -> None:
    stored.line, stored.gone = [_person("bob")], {"bob"}
    with pytest.raises(ConditionFailed):
        places.leave("0", _session(), _person("ann", "invited"), NOW)
    stored.gone, stored.moved = set(), {"bob"}
    with pytest.raises(ConditionFailed):
        places.leave("0", _session(), _person("ann", "invited"), NOW)


def _fill(stored: Stored) -> None:
    job = FillPlaces(msp_id="0", org_id="1", training_id="2", session_id="3", revision=1, due_at="")
    places.fill(job, NOW)
    assert stored.closed == [job]


@pytest.mark.parametrize(
    ("session", "num_waiting", "filled"),
    [
        ({"capacity": 4, "num_taken": 2}, 3, [2]),
        ({"capacity": 4, "num_taken": 2}, 1, [1]),
        ({"capacity": 4, "num_taken": 4}, 3, []),
        ({"capacity": 4, "num_taken": 5}, 3, []),
        ({"capacity": 99}, 45, [40, 5]),
        ({}, 41, [40, 1]),
        ({}, 0, []),
        ({"status": "cancelled"}, 3, []),
        ({"starts_utc": "2027-01-04T10:00:00Z"}, 3, []),
    ],
)
def test_free_places_go_to_those_who_wait_some_at_once(
    stored: Stored, session: dict[str, Any], num_waiting: int, filled: list[int]
) -> None:
    stored.session = _session(num_waiting=num_waiting, **session)
    stored.line = [_person(f"m{number:02}") for number in range(num_waiting)]
    _fill(stored)
    assert [writes[0] for writes in stored.writes] == [("fill", number) for number in filled]
    told = [name for job in stored.sent for name in job.member_ids]
    assert told == [f"m{number:02}" for number in range(sum(filled))]
    assert [len(writes) for writes in stored.writes] == [number + 2 for number in filled]


def test_a_session_that_is_gone_or_a_line_that_is_empty_by_now_ends_it(stored: Stored) -> None:
    _fill(stored)
    stored.closed.clear()
    stored.session = _session(num_waiting=1)
    _fill(stored)
    assert (stored.writes, stored.sent) == ([], [])


def test_whoever_else_takes_places_meanwhile_it_looks_again(stored: Stored) -> None:
    stored.session, stored.line, stored.num_refused = _session(num_waiting=1), [_person("bob")], 11
    _fill(stored)
    assert [job.member_ids for job in stored.sent] == [["bob"]]


@pytest.mark.parametrize(
    ("visible_from", "due_at"),
    [
        (["2027-01-01T00:00:00Z", "2027-01-04T10:00:00Z"], "2027-01-04T10:00:00Z"),
        (["2027-01-01T00:00:00Z", "2027-01-02T00:00:00Z"], "2027-01-04T10:00:00Z"),
        # A minute after everybody may know.
        (["2027-01-01T00:00:00Z", "2027-01-05T08:00:00Z"], "2027-01-05T08:01:00Z"),
    ],
)
def test_people_are_told_as_soon_as_they_may_know(stored: Stored, visible_from: list[str], due_at: str) -> None:
    people = [_person(f"m{number}", visible_from=moment) for number, moment in enumerate(visible_from)]
    job = places.tell_job("0", _session(), people, NOW)
    assert (job.due_at, job.member_ids, job.org_id, job.session_id) == (due_at, ["m0", "m1"], "1", "3")
    places.send([job], NOW)
    assert stored.sent == ([job] if due_at <= "2027-01-04T10:00:00Z" else [])
    places.send([job], NOW + timedelta(days=2))
    assert stored.sent[-1] == job
