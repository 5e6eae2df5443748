"""Undo, new due dates and reminders by who is limited to departments, of whose people one has moved away."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.faults import later
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.harness import FaultHarness
from tests.faults.kinds import DELETE, GET, GET_MANY, INSERT, QUERY, SEND, TRANSACT, Fault, each, pairs
from tests.faults.snapshots import built_once

DUE, NEW = "2087-03-01", "2087-04-01"

# The change, the partition, the chunk's range of the index and its result; who is in the departments, and who has
# moved; the changes; the reminders that those who moved keep; the result, and the row.
UNDO = [GET_MANY, GET, QUERY, GET, QUERY, GET_MANY, GET, INSERT, TRANSACT, GET, GET]
DATES = [GET_MANY, GET, QUERY, GET, QUERY, GET_MANY, GET, TRANSACT, INSERT, TRANSACT, GET, GET, TRANSACT]
CHUNKS = {"undo": UNDO, "dates": DATES}


@dataclass
class Scene:
    """Three people were enrolled by the head of Sales; the last is in Legal now."""

    play: FaultHarness
    org: str
    course: str
    batch: str
    head: str
    sales: str
    legal: str
    people: list[str]

    @property
    def path(self) -> str:
        return f"/orgs/{self.org}/training/{self.batch}"

    def move(self, member: str, department: str) -> None:
        path = f"/orgs/{self.org}/members/{member}"
        moved = self.play.ask(Request("PATCH", path, self.play.admin, {"department_id": department}))
        assert moved.status == 200, moved.text

    def change(self, kind: str) -> Request:
        if kind == "undo":
            return Request("POST", f"{self.path}/undo", self.head, key="undo")
        return Request("PATCH", f"{self.path}/courses/{self.course}", self.head, {"due_by": NEW})

    def chunk(self, kind: str) -> Delivery:
        assert self.play.ask(self.change(kind)).status in (200, 202)
        if kind == "undo":
            self.play.outside.wait_for_sweep()
        return self.play.outside.take_one(job="change_chunk")

    def facts(self) -> list[tuple[str, Any]]:
        """Status and due date of each person, in their order."""
        found = {item["pk"].split("#")[-1]: item for item in self.play.world.dump("enrollments")}
        return [(found[one]["status"], found[one].get("due_by")) for one in self.people]

    def expected(self, kind: str, num_theirs: int = 2) -> list[tuple[str, Any]]:
        theirs = ("cancelled", DUE) if kind == "undo" else ("enrolled", NEW)
        return [theirs] * num_theirs + [("enrolled", DUE)] * (3 - num_theirs)

    def assert_done(self, kind: str) -> None:
        later.settle(self.play)
        assert self.facts() == self.expected(kind)
        row = self.play.ask(Request("GET", self.path, self.play.admin)).json["courses"][0]
        assert (row["num_enrolled"], row["num_withdrawn"]) == ((1, 2) if kind == "undo" else (3, 0))
        if kind == "undo":
            state = self.play.ask(Request("GET", f"{self.path}/undo", self.head)).json
            assert (state["status"], state["reversed"], state["kept_started"]) == ("done", 2, 0)


@built_once
def built(play: FaultHarness) -> Scene:
    world, course = play.world, play.course()
    org = play.client(0, [course])
    sales, legal = world.department(org, "Sales"), world.department(org, "Legal")
    people = [world.member(org, department_id=sales) for _ in range(3)]
    head = world.org_admin(org, role="department_admin", department_ids=[sales])
    body = {
        "name": "Ours", "courses": [{"course_id": course, "due_by": DUE}], "targeting": {"mode": "all"},
        "notifications": {"reminders": True},
    }  # fmt: skip
    answer = play.ask(Request("POST", f"/orgs/{org}/training/enrollment", head, body, "launch"))
    assert answer.status == 202, answer.text
    play.outside.work_off()
    scene = Scene(play, org, course, answer.json["results"][0]["batch_id"], head, sales, legal, people)
    scene.move(people[-1], legal)
    play.outside.until_quiet()
    return scene


@pytest.mark.parametrize("kind", CHUNKS)
def test_a_chunk_makes_these_calls(play: FaultHarness, kind: str) -> None:
    play.chunks_of(3)
    scene = built(play)
    delivery = scene.chunk(kind)
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == CHUNKS[kind]
    scene.assert_done(kind)


@pytest.mark.parametrize(
    ("kind", "at", "fault"),
    [
        pytest.param(kind, *pair.values, id=f"{kind}: {pair.id}")
        for kind, calls in CHUNKS.items()
        for pair in pairs(calls, later.ESSENTIAL)
    ],
)
def test_one_s_own_people_alone_are_changed_whichever_call_breaks(
    play: FaultHarness, kind: str, at: int, fault: Fault
) -> None:
    play.chunks_of(3)
    scene = built(play)
    later.broken_delivery(play, scene.chunk(kind), at, fault)
    scene.assert_done(kind)


@pytest.mark.parametrize(
    ("kind", "at"),
    [pytest.param(kind, *one.values, id=f"{kind}: {one.id}") for kind in CHUNKS for one in each(CHUNKS[kind])],
)
def test_who_moves_in_the_midst_is_changed_or_not_and_counted_so(play: FaultHarness, kind: str, at: int) -> None:
    play.chunks_of(3)
    scene = built(play)
    delivery = scene.chunk(kind)
    later.while_delivering(play, delivery, at, lambda: scene.move(scene.people[1], scene.legal))
    # A second delivery finds the person gone, and changes nothing.
    play.outside.deliver(Delivery(delivery.body))
    later.settle(play)
    assert scene.facts() in (scene.expected(kind), scene.expected(kind, 1))
    row = play.ask(Request("GET", scene.path, play.admin)).json["courses"][0]
    assert row["num_withdrawn"] == [status for status, _ in scene.facts()].count("cancelled")


# The due entry, the row, its learners; who is in the departments;
# the mails and their tenant in the line; a wake-up; the entry.
REMIND = [GET, GET, QUERY, QUERY, GET_MANY, INSERT, INSERT, TRANSACT, SEND, DELETE]


def _reminding(play: FaultHarness) -> tuple[Scene, Delivery]:
    play.chunks_of(3)
    scene = built(play)
    path = f"{scene.path}/courses/{scene.course}/remind"
    answer = play.ask(Request("POST", path, scene.head, key="remind"))
    assert (answer.status, answer.json["num_not_completed"]) == (202, 2), answer.text
    return scene, play.outside.take_one(job="mail_row")


def _mailed(scene: Scene) -> list[str]:
    """Members, each as often as there is a mail to them."""
    items = scene.play.world.dump("outbox")
    return sorted(one for one in scene.people for item in items if item["pk"].startswith("MAIL#") and one in str(item))


def test_a_reminder_makes_these_calls(play: FaultHarness) -> None:
    scene, delivery = _reminding(play)
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == REMIND
    assert _mailed(scene) == scene.people[:2]


@pytest.mark.parametrize(("at", "fault"), pairs(REMIND, later.ESSENTIAL))
def test_one_s_own_people_alone_are_reminded_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    scene, delivery = _reminding(play)
    later.broken_delivery(play, delivery, at, fault)
    later.settle(play)
    assert _mailed(scene) == scene.people[:2]
