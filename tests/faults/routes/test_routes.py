"""Every route with a fault at every AWS call: asked again, it answers, and what is stored is as if nothing had been.

`calls.json` holds the calls of each request in their order, of the first one and of the same one after it (a cancel of
what is cancelled). A call that is new on any of them fails here. MUSTER_CALLS=1 writes the file anew: read the
difference. What a request leads to later (messages, mails) has its plans in the folders beside this one.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import app
from chalicelib.web.routing import ROUTES
from tests import in_process_cloud
from tests.faults.fake_sqs import Request, is_in_flight
from tests.faults.injector import Injector
from tests.faults.kinds import FAULTS_BY_OPERATION, KILLED_AFTER, LOST, UNREACHABLE, Fault
from tests.faults.routes.cases import CASES
from tests.faults.routes.public_cases import PUBLIC_CASES, Doors
from tests.faults.routes.scene import Scene, tenant
from tests.gateway import Answer
from tests.harness import World

_FILE = Path(__file__).parent / "calls.json"
_IS_RECORDING = "MUSTER_CALLS" in os.environ

# Operations by their short names.
_OPERATIONS = {operation.partition(".")[2]: operation for operation in FAULTS_BY_OPERATION}

# Each try is one of its own, and the earlier one is gone after a while.
EACH_TRY_IS_ITS_OWN = {
    "POST /orgs/{org_id}/members/search": "each try begins a count, which is kept for an hour",
    "PUT /orgs/{org_id}/members/{member_id}/first-password: of a login name": "each try is in the audit trail",
}

# A broken read leaves what a process leaves that died before it.
_SEVERAL, _ONE = (UNREACHABLE, LOST, KILLED_AFTER), (KILLED_AFTER,)

_MAY_BE_LEFT = re.compile(r'"pk": {"S": "(DUE|STEP)#')

_ALL = {**CASES, **PUBLIC_CASES}
_KNOWN: dict[str, dict[str, Any]] = json.loads(_FILE.read_text()) if _FILE.exists() else {}


# Nobody is called: the link is signed here.
SIGNED = {
    "GET /msp/exports/{export_id}": "GetObject",
    "GET /orgs/{org_id}/exports/{export_id}": "GetObject",
    "GET /orgs/{org_id}/certificates/{certificate_id}/file": "GetObject",
    "GET /me/certificates/{certificate_id}/file": "GetObject",
}

# The same code as of the routes of the MSP, behind another check of who asks: their calls are compared, that is all.
_TWINS = "/orgs/{org_id}/training/"


@pytest.fixture
def scene(world: World, hook: Injector, small: None, monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(world, hook, monkeypatch)


@pytest.fixture(scope="module", autouse=True)
def _recorded() -> Iterator[None]:
    yield
    if _IS_RECORDING:
        found = {name: _KNOWN[name] for name in _ALL if name in _KNOWN}
        _FILE.write_text(json.dumps(found, indent=2) + "\n")


def _begin(scene: Scene, name: str) -> Request:
    made = scene.begin(tenant)
    if name in CASES:
        return CASES[name].build(scene, made)
    return PUBLIC_CASES[name].build(Doors(scene, made))


def _once_more(request: Request) -> Request:
    """The same, and not the same request."""
    return replace(request, key="again" if request.key else None)


def test_every_route_has_a_case() -> None:
    assert app.app
    assert {case.route for case in _ALL.values()} == {route.name for route in ROUTES}
    assert set(_KNOWN) == set(_ALL) or _IS_RECORDING


@pytest.mark.parametrize("name", _ALL)
def test_a_request_makes_these_calls_and_no_fault_at_any_of_them_shows_afterwards(scene: Scene, name: str) -> None:
    walk = _Walk(scene, name, _begin(scene, name))
    if _IS_RECORDING:
        _KNOWN[name] = walk.found
        return
    assert walk.found == _KNOWN[name]
    if _TWINS not in name:
        walk.break_each(name in EACH_TRY_IS_ITS_OWN)
    assert not walk.wrong, "\n".join(walk.wrong)


class _Walk:
    """A request, and the same once more: their calls, and then a fault at each of these."""

    def __init__(self, scene: Scene, name: str, request: Request) -> None:
        self.scene, self.name, self.request = scene, name, request
        self.wrong: list[str] = []
        self.is_read = request.method == "GET"
        # The state before each of the two requests, and what is stored after it.
        self.starts, self.ends = [scene.taken()], [scene.stored()]
        self.found: dict[str, list[Any]] = {}
        for part, one in zip(("first", "again"), (request, _once_more(request)), strict=True):
            # As in a new function, which is what the broken ones are.
            self.scene.back_to(self.starts[-1])
            with scene.injector.watched() as calls:
                answer = scene.ask(one)
            self.found[part] = [answer.status, " ".join(call.partition(".")[2] for call in calls)]
            self.starts.append(scene.taken())
            self.ends.append(scene.stored())
            if self.is_read:
                break
        if self.is_read and self.ends[1] != self.ends[0]:
            self.wrong.append("it reads, and something has changed")

    def break_each(self, each_is_its_own: bool) -> None:
        # What a try leaves that was carried out, is what the same request leaves, or the same once more.
        good = [] if each_is_its_own else self.ends[1:]
        self._break_part("first", self.request, _SEVERAL, good)
        if "again" in self.found:
            self._break_part("again", _once_more(self.request), _ONE, good)

    def _break_part(self, part: str, request: Request, faults: Sequence[Fault], good: list[Counter[str]]) -> None:
        number, calls = ("first", "again").index(part), self.found[part][1].split()
        begin = self.starts[number]
        self.scene.back_to(begin)
        has_written = False
        for at, name in enumerate(calls, start=1):
            possible = FAULTS_BY_OPERATION[_OPERATIONS[name]]
            is_write = LOST in possible
            has_written = has_written or is_write
            if SIGNED.get(self.name) == name:
                continue
            for fault in (fault for fault in faults if fault in possible) if is_write else (UNREACHABLE,):
                where = f"{part}, {at} {name} {fault.name}"
                before = in_process_cloud.num_changing
                self._expect(where, self._broken(at, fault, request, where))
                if not has_written and not self.is_read:
                    # Nothing was done. Of several such calls none needs the scene anew.
                    if in_process_cloud.num_changing != before:
                        self.wrong.append(f"{where}: something was written")
                    continue
                self._expect(where, self._answered(request))
                stored = self.scene.stored()
                if good and not any(_is_like(stored, one) for one in good):
                    self.wrong.append(f"{where}: {_differences(stored, good[0])}")
                if in_process_cloud.num_changing != before:
                    self.scene.back_to(begin)

    def _broken(self, at: int, fault: Fault, request: Request, where: str) -> Answer | None:
        with self.scene.injector.fault(at, fault):
            answer = self.scene.outside.ask(request)
        if not self.scene.injector.struck:
            self.wrong.append(f"{where}: was not reached")
        return None if answer is None or answer.status >= 500 or is_in_flight(answer) else answer

    def _answered(self, request: Request) -> Answer:
        answer = self.scene.outside.ask_until_answered(request)
        if answer.status != 429:
            return answer
        # Tries that break count, too: the next ones may have to wait for a minute, but no longer.
        self.scene.world.now += timedelta(minutes=1)
        return self.scene.outside.ask_until_answered(request)

    def _expect(self, where: str, answer: Answer | None) -> None:
        if answer is not None and answer.status not in [status for status, _ in self.found.values()]:
            self.wrong.append(f"{where}: {answer.status} {answer.text[:200]}")


def _is_like(found: Counter[str], wanted: Counter[str]) -> bool:
    """Also if a ticket of a quarter hour is left, or an entry by which the sweep does what a lost message would."""
    return not wanted - found and all(_MAY_BE_LEFT.search(item) for item in found - wanted)


def _differences(found: Counter[str], wanted: Counter[str]) -> str:
    more, less = found - wanted, wanted - found
    return f"there is more: {sorted(more.elements())}; and less: {sorted(less.elements())}"
