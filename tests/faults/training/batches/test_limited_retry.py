"""A retry by who is limited to departments, of whose people one has moved away: its chunk, broken at every call."""

from dataclasses import dataclass

import pytest

from tests.faults import later
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.harness import FaultHarness
from tests.faults.invariants import problems
from tests.faults.kinds import GET, GET_MANY, INSERT, PUT, QUERY, TRANSACT, Fault, each, pairs
from tests.faults.snapshots import built_once
from tests.stories.driver import refused

# The chunk; the roster; the tree and those who failed; the start; the seats, the enrollments, the result; the row.
CALLS = [GET_MANY, QUERY, QUERY, GET_MANY, PUT, TRANSACT, INSERT, TRANSACT, GET, TRANSACT]


@dataclass
class Scene:
    """Three people failed; the last has left Sales since, and the head of Sales has asked for a retry."""

    play: FaultHarness
    path: str
    people: list[str]
    legal: str
    org: str

    def move(self, member: str) -> None:
        path = f"/orgs/{self.org}/members/{member}"
        moved = self.play.ask(Request("PATCH", path, self.play.admin, {"department_id": self.legal}))
        assert moved.status == 200, moved.text

    def enrolled(self) -> set[str]:
        later.settle(self.play)
        assert problems(self.play.world) == []
        return {item["pk"].split("#")[-1] for item in self.play.world.dump("enrollments")}


@built_once
def built(play: FaultHarness) -> Scene:
    world, course = play.world, play.course()
    org = play.client(0, [course])
    sales, legal = world.department(org, "Sales"), world.department(org, "Legal")
    people = [world.member(org, department_id=sales) for _ in range(3)]
    head = world.org_admin(org, role="department_admin", department_ids=[sales])
    body = {"name": "Ours", "courses": [{"course_id": course}], "targeting": {"mode": "all"}}
    with refused(*people):
        answer = play.ask(Request("POST", f"/orgs/{org}/training/enrollment", head, body, "launch"))
        assert answer.status == 202, answer.text
        play.outside.work_off()
    batch = answer.json["results"][0]["batch_id"]
    scene = Scene(play, f"/orgs/{org}/training/{batch}/courses/{course}", people, legal, org)
    scene.move(people[-1])
    play.outside.until_quiet()
    asked = play.ask(Request("POST", f"{scene.path}/retry", head, key="retry"))
    assert asked.status == 202, asked.text
    return scene


def _chunk(play: FaultHarness) -> tuple[Scene, Delivery]:
    play.chunks_of(3)
    return built(play), play.outside.take_one(job="chunk")


def test_the_chunk_makes_these_calls(play: FaultHarness) -> None:
    scene, delivery = _chunk(play)
    with play.injector.watched() as calls:
        assert play.outside.deliver(delivery)
    assert calls == CALLS
    assert scene.enrolled() == {*scene.people[:2]}


@pytest.mark.parametrize(("at", "fault"), pairs(CALLS, later.ESSENTIAL))
def test_one_s_own_people_alone_are_enrolled_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    scene, delivery = _chunk(play)
    later.broken_delivery(play, delivery, at, fault)
    assert scene.enrolled() == {*scene.people[:2]}


@pytest.mark.parametrize("at", each(CALLS))
def test_who_moves_in_the_midst_is_enrolled_or_not_and_counted_so(play: FaultHarness, at: int) -> None:
    scene, delivery = _chunk(play)
    later.while_delivering(play, delivery, at, lambda: scene.move(scene.people[1]))
    play.outside.deliver(Delivery(delivery.body))
    assert scene.enrolled() in ({*scene.people[:2]}, {scene.people[0]})
