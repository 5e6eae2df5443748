"""Filters that are kept under a name: broken at every call in every way."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.faults import later
from tests.faults.fake_sqs import Request
from tests.faults.harness import FaultHarness
from tests.faults.kinds import GET, PUT, QUERY, TRANSACT, UPDATE, Fault, pairs

# Who asks, and whose client it is; the key and its claim; the head of the audit trail, the filter; the answer.
CREATE = [QUERY, GET, GET, PUT, QUERY, TRANSACT, UPDATE]
CHANGE = [QUERY, GET, GET, QUERY, TRANSACT]
DELETE = [QUERY, GET, GET, QUERY, TRANSACT]

BEFORE: dict[str, Any] = {"name": "Nurses", "filter": {"fields": {"job": ["nurse"]}}}
AFTER: dict[str, Any] = {"name": "Cooks", "filter": {"fields": {"job": ["cook"]}}}


@dataclass
class Scene:
    play: FaultHarness
    org: str

    def create(self) -> Request:
        return Request("POST", f"/orgs/{self.org}/filters", self.play.admin, BEFORE, "create")

    def made(self) -> str:
        return f"/orgs/{self.org}/filters/{self.play.ask(self.create()).json['filter_id']}"

    def filters(self) -> list[tuple[str, Any]]:
        found = self.play.ask(Request("GET", f"/orgs/{self.org}/filters", self.play.admin)).json["items"]
        return [(one["name"], one["filter"]["fields"]) for one in found]

    def settled(self) -> list[str]:
        """What the audit trail says of it, the oldest first; nothing else is left."""
        later.settle(self.play)
        names = [item["sk"] for item in self.play.world.dump("core") if item["sk"].startswith("NAME#filter")]
        assert len(names) == len(self.filters())
        trail = self.play.ask(Request("GET", f"/orgs/{self.org}/audit", self.play.admin)).json["items"]
        return [one["action"] for one in reversed(trail) if one["action"].startswith("filter.")]


@pytest.fixture
def scene(play: FaultHarness) -> Scene:
    return Scene(play, play.client(0, []))


def test_filters_make_these_calls(scene: Scene) -> None:
    def asked(request: Request, status: int) -> list[str]:
        with scene.play.injector.watched() as calls:
            answer = scene.play.ask(request)
        assert answer.status == status, answer.text
        return calls

    assert asked(scene.create(), 201) == CREATE
    path = scene.made()
    assert asked(Request("PATCH", path, scene.play.admin, AFTER), 200) == CHANGE
    assert asked(Request("DELETE", path, scene.play.admin), 204) == DELETE


@pytest.mark.parametrize(("at", "fault"), pairs(CREATE))
def test_a_filter_is_kept_once_whichever_call_breaks(scene: Scene, at: int, fault: Fault) -> None:
    later.broken_request(scene.play, scene.create(), at, fault, 201)
    assert scene.filters() == [("Nurses", {"job": ["nurse"]})]
    assert scene.settled() == ["filter.created"]


@pytest.mark.parametrize(("at", "fault"), pairs(CHANGE))
def test_a_filter_is_changed_once_whichever_call_breaks(scene: Scene, at: int, fault: Fault) -> None:
    request = Request("PATCH", scene.made(), scene.play.admin, AFTER)
    later.broken_request(scene.play, request, at, fault, 200)
    assert scene.filters() == [("Cooks", {"job": ["cook"]})]
    assert scene.settled() == ["filter.created", "filter.changed"]


@pytest.mark.parametrize(("at", "fault"), pairs(DELETE))
def test_a_filter_is_gone_whichever_call_breaks(scene: Scene, at: int, fault: Fault) -> None:
    request = Request("DELETE", scene.made(), scene.play.admin)
    with scene.play.injector.fault(at, fault):
        scene.play.outside.ask(request)
    assert scene.play.injector.struck
    # Who asks again finds it gone, if the first request came through.
    assert scene.play.outside.ask_until_answered(request).status in (204, 404)
    assert scene.filters() == []
    assert scene.settled() == ["filter.created", "filter.deleted"]
