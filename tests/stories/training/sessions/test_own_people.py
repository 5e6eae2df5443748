"""O9: what who is limited to departments sees and changes of live trainings is about the people who are theirs now."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.tenants.access.service import Scope
from chalicelib.training.sessions import participant_changes
from chalicelib.training.sessions.attendance import enter_many
from chalicelib.training.sessions.participant_schemas import AttendanceForm
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.live_trainings import LiveTrainings

ANN, BOB = "ann@example.com", "bob@example.com"


@pytest.fixture
def live(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> LiveTrainings:
    return LiveTrainings(world, driver, monkeypatch)


class Place:
    """Two departments; Ann is in the one that `head` looks after, Bob in the other."""

    def __init__(self, live: LiveTrainings) -> None:
        self.live, self.world = live, live.world
        self.mine, self.other = (self.world.department(live.org) for _ in range(2))
        self.account, self.ann = self.world.learner(
            live.org, email=ANN, first_name="Ann", last_name="Lee", department_id=self.mine
        )
        self.bob = live.person(BOB, department_id=self.other)
        self.head = self.world.org_admin(live.org, role="department_admin", department_ids=[self.mine])

    @property
    def scope(self) -> Scope:
        return Scope(self.head, self.live.driver.msp, self.live.org, frozenset({self.mine}))

    def move(self, member: str, department: str) -> None:
        path = f"/orgs/{self.live.org}/members/{member}"
        assert self.world.patch(path, self.live.admin, {"department_id": department}).status == 200

    def archive(self, member: str) -> None:
        assert self.world.post(f"/orgs/{self.live.org}/members/{member}/archive", self.live.admin).status == 200

    def seen(self, training: str) -> list[str]:
        rows = self.world.every(f"{self.live.base}/{training}/participants", self.head)
        return [row["member_id"] for row in rows]


@pytest.fixture
def place(live: LiveTrainings) -> Place:
    return Place(live)


def test_how_many_of_everybody_take_part_is_not_told(live: LiveTrainings, place: Place) -> None:
    training, session = live.one(capacity=3, waiting_list=True)
    live.enroll([place.ann, place.bob], (training, session))
    path = f"{live.base}/{training}"
    numbers = ("num_taken", "num_waiting", "num_free")
    for as_, total, expected in ((place.head, None, [None, None, 1]), (live.admin, 2, [2, 0, 1])):
        (listed,) = live.world.every(live.base, as_)
        assert listed["num_participants"] == live.world.get(path, as_).json["num_participants"] == total
        (one,) = live.world.every(f"{path}/sessions", as_)
        read = live.world.get(f"{path}/sessions/{session}", as_).json
        (of_ann,) = live.world.every(f"/orgs/{live.org}/members/{place.ann}/trainings", as_)
        assert [[item[name] for name in numbers] for item in (one, read, of_ann["session"])] == [expected] * 3


def test_who_has_left_is_in_no_department(live: LiveTrainings, place: Place) -> None:
    training, session = live.one()
    live.enroll([place.ann, place.bob], (training, session))
    live.driver.until("2027-02-01T08:00")
    assert place.seen(training) == [place.ann]
    place.archive(place.ann)
    live.driver.work()
    assert place.seen(training) == []
    assert {row["member_id"] for row in live.participants(training)} == {place.ann, place.bob}
    attendance = f"{live.base}/{training}/sessions/{session}/attendance"
    body = {"attended": [place.ann], "results": [{"member_id": place.ann, "score": 5}]}
    (line,) = live.world.post(attendance, place.head, body).json["results"]
    assert (line["done"], line["code"]) == (False, "not_participant")
    person = f"/orgs/{live.org}/members/{place.ann}"
    for path in (person, f"{person}/trainings", f"{person}/enrollments", f"{person}/mails"):
        assert live.world.get(path, place.head).status == 403, path
    assert live.world.patch(person, place.head, {"department_id": place.mine}).status == 403
    assert live.world.get(person, live.admin).json["status"] == "archived"
    # And nobody of theirs to enroll.
    later = live.session(training, starts_at="2027-03-01T09:00", ends_at="2027-03-01T10:00")
    items = [{"training_id": training, "session_id": later}]
    asked = live.world.post(f"{live.base}/enroll", place.head, {"member_ids": [place.ann], "items": items})
    live.driver.work()
    assert live.outcomes(asked.json["enroll_id"]) == ["not_yours"]


def test_who_archives_somebody_of_theirs_may_ask_again(live: LiveTrainings, place: Place) -> None:
    path, key = f"/orgs/{live.org}/members/{place.ann}/archive", {"Idempotency-Key": "archive"}
    first = live.world.post(path, place.head, headers=key)
    again = live.world.post(path, place.head, headers=key)
    assert (first.status, first.json["status"]) == (200, "archived")
    assert (again.status, again.json) == (200, first.json)


def test_the_name_of_who_has_to_accept_again_is_not_shown(live: LiveTrainings, place: Place) -> None:
    training, session = live.one()
    live.enroll([place.bob, place.ann], (training, session))
    live.driver.until("2027-02-01T08:00")
    place.archive(place.ann)
    live.driver.work()

    def names() -> list[tuple[str, str]]:
        rows = live.participants(training, "sort=name")
        return [(row["first_name"], row["last_name"]) for row in rows if row["member_id"] == place.ann]

    assert names() == [("Ann", "Lee")]
    group = live.world.group(live.org)
    body = {"group_id": group, "emails": [ANN], "notify": "now"}
    invited = live.world.post(f"/orgs/{live.org}/invites", live.admin, body)
    assert invited.status == 201, invited.text
    assert live.world.get(f"/orgs/{live.org}/members/{place.ann}", live.admin).json["status"] == "prospect"
    assert names() == [("", "")]


# ---------------------------------------------------------------- who moves between the check and the write


def _moving_before(place: Place, monkeypatch: pytest.MonkeyPatch, commit: Callable[..., Any]) -> None:
    """Ann moves away right before the next transaction of an admin, once."""
    audit = participant_changes.audit
    moved: list[str] = []

    def late(*args: Any, **more: Any) -> Any:
        if not moved:
            moved.append(place.ann)
            place.move(place.ann, place.other)
        return commit(*args, **more)

    monkeypatch.setattr(audit, "commit", late)


@pytest.mark.parametrize("what", ["attended", "results"])
def test_attendance_is_entered_of_who_is_there_when_it_is_written(
    live: LiveTrainings, place: Place, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    training, session = live.one()
    carl = live.person("carl@example.com", department_id=place.mine)
    live.enroll([place.ann, carl], (training, session))
    live.driver.until("2027-02-01T08:00")
    _moving_before(place, monkeypatch, participant_changes.audit.commit)
    people = [place.ann, carl]
    form = AttendanceForm.model_validate(
        {"attended": people} if what == "attended" else {"results": [{"member_id": one, "score": 9} for one in people]}
    )
    answer = enter_many.enter(place.scope, training, session, form, live.world.now)
    assert [(line.member_id, line.code) for line in answer.results] == [(place.ann, "not_participant"), (carl, None)]
    rows = {row["member_id"]: (row["status"], row["score"]) for row in live.participants(training)}
    entered = ("attended", None) if what == "attended" else ("invited", 9)
    assert rows == {place.ann: ("invited", None), carl: entered}


def test_a_thousand_of_a_limited_admin_s_people_are_entered_in_parts(live: LiveTrainings, place: Place) -> None:
    training, session = live.one()
    rooms = [live.world.department(live.org, parent_id=place.mine) for _ in range(7)]
    people = [live.person(None, login_name=f"p{number}", department_id=rooms[number % 7]) for number in range(70)]
    training = live.training(certificate=True)
    session = live.session(training)
    live.enroll(people, (training, session))
    live.driver.until("2027-02-01T08:00")
    body = {"attended": people, "results": [{"member_id": one, "score": 7} for one in people]}
    answer = live.world.post(f"{live.base}/{training}/sessions/{session}/attendance", place.head, body)
    assert {line["code"] for line in answer.json["results"]} == {None}
    assert {(row["status"], row["score"]) for row in live.participants(training)} == {("attended", 7)}
