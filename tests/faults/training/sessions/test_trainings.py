"""What admins make and change of trainings, and a calendar address, with faults at every AWS call: done once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.faults import later
from tests.faults.fake_sqs import Request
from tests.faults.injector import Injector
from tests.faults.inviting_scenarios import distinct_faults, named
from tests.faults.kinds import GET, GET_MANY, PUT, QUERY, SEND, TRANSACT, UPDATE, Fault
from tests.faults.live_scenarios import ADDRESSES, Built, Live
from tests.harness import World

_CLAIM, _AUDIT = [QUERY, GET, PUT], [QUERY, TRANSACT]


@pytest.fixture
def live(world: World, hook: Injector, small: None, monkeypatch: pytest.MonkeyPatch) -> Live:
    return Live(world, hook, monkeypatch)


def _create_training(live: Live) -> Built[Request]:
    live.prepare()
    return live.scenario(live.admin_request("POST", "", {"title": "Second aid"}, "training"))


def _create_session(live: Live) -> Built[Request]:
    live.prepare()
    form = {
        "starts_at": "2087-01-25T09:00", "ends_at": "2087-01-25T10:00", "time_zone": "Europe/Berlin",
        "web_link": "https://meet.example/1", "reminders": True,
    }  # fmt: skip
    return live.scenario(live.admin_request("POST", f"/{live.item['training_id']}/sessions", form, "session"))


def _rename(live: Live) -> Built[Request]:
    live.enrolled_people()
    return live.scenario(live.admin_request("PATCH", f"/{live.item['training_id']}", {"title": "Second aid"}))


def _archive(live: Live) -> Built[Request]:
    live.prepare()
    path = f"/{live.item['training_id']}"
    live.make(f"{path}/sessions/{live.item['session_id']}/cancel", {})
    return live.scenario(live.admin_request("POST", f"{path}/archive", None, "archive"))


def _renew(live: Live) -> Built[Request]:
    live.prepare()
    account = live.world.account(ADDRESSES[0])
    assert live.ask(Request("POST", "/me/calendar", account, key="first")).status == 200
    return live.scenario(Request("POST", "/me/calendar", account, key="second"))


def _items(live: Live, prefix: str) -> list[dict[str, Any]]:
    return [item for item in live.dump("core") if item["sk"].startswith(prefix)]


def _trail(live: Live, action: str) -> int:
    return sum(item.get("action") == action for item in live.dump("core"))


def _training_made(live: Live) -> None:
    titles = sorted(item["title"] for item in _items(live, "TRAINING#") if "title" in item)
    assert titles == ["First aid", "Second aid"]
    assert _trail(live, "training.created") == 2


def _session_made(live: Live) -> None:
    (training,) = [item for item in _items(live, "TRAINING#") if "title" in item]
    assert set(training["starts"]) == {item["session_id"] for item in live.sessions()}
    assert (len(live.sessions()), _trail(live, "session.created")) == (2, 2)
    # A day and an hour before.
    assert sum("remind_session" in item["sk"] for item in live.dump("outbox")) == 2


def _renamed(live: Live) -> None:
    live.settled()
    assert [live.kinds(number) for number in range(3)] == [["invited", "changed"], ["invited", "changed"], ["waiting"]]
    assert [int(item["sequence"]) for item in live.sessions()] == [1]


def _archived(live: Live) -> None:
    assert [bool(item.get("archived_at")) for item in _items(live, "TRAINING#") if "title" in item] == [True]
    assert _trail(live, "training.archived") == 1


def _renewed(live: Live) -> None:
    """One address, and it works; the first one is dead."""
    own, whose = _items(live, "FEED"), [item for item in live.dump("core") if item["pk"].startswith("FEED#")]
    assert len(whose) == 1
    (token,) = [item["token"] for item in own if "token" in item]
    assert live.ask(Request("GET", f"/calendar/{token}", None)).status == 200


@dataclass(frozen=True)
class Step:
    build: Callable[[Live], Built[Request]]
    calls: list[str]
    check: Callable[[Live], None]
    status: int = 200


STEPS = {
    "create training": Step(_create_training, [*_CLAIM, GET, GET, *_AUDIT, UPDATE], _training_made, 201),
    "create session": Step(_create_session, [*_CLAIM, GET, GET, GET, *_AUDIT, UPDATE], _session_made, 201),
    "rename": Step(_rename, [QUERY, GET, GET_MANY, *_AUDIT, SEND, GET, GET_MANY], _renamed),
    "archive": Step(_archive, [*_CLAIM, GET, *_AUDIT, GET, UPDATE], _archived),
    "renew the feed": Step(_renew, [GET, PUT, GET, TRANSACT, UPDATE], _renewed),
}


@pytest.mark.parametrize("name", STEPS)
def test_a_request_makes_these_calls_and_has_this_result(live: Live, name: str) -> None:
    step = STEPS[name]
    request = live.begin_with(step.build)
    with live.injector.watched() as calls:
        answer = live.ask(request)
    assert (answer.status, calls) == (step.status, step.calls)
    assert live.ask(request).text == answer.text
    step.check(live)


@pytest.mark.parametrize(
    ("name", "at", "fault"), [one for name, step in STEPS.items() for one in named(name, distinct_faults(step.calls))]
)
def test_a_request_is_done_once_whichever_call_breaks(live: Live, name: str, at: int, fault: Fault) -> None:
    step = STEPS[name]
    later.broken_request(live, live.begin_with(step.build), at, fault, step.status)
    step.check(live)
