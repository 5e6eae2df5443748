"""Enrolling by a filter, and the participants' file, with every fault at every AWS call: the people are fixed once."""

from typing import Any

import pytest

from tests.faults import later
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.injector import Injector
from tests.faults.inviting_scenarios import distinct_faults
from tests.faults.kinds import GET, GET_MANY, PUT_FILE, QUERY, SEND, TRANSACT, Fault, each, pairs
from tests.faults.live_scenarios import ADDRESSES, Built, Live
from tests.harness import World

# The request; who matches; the people; the request again; results so far; the one chunk.
START = [GET, QUERY, TRANSACT, GET, QUERY, SEND]

# The export, sessions; then the page: training, sessions, people, members, mails, the line; the file and its status.
EXPORT = [GET, QUERY, GET, QUERY, QUERY, GET_MANY, GET_MANY, QUERY, PUT_FILE, TRANSACT]


@pytest.fixture
def live(world: World, hook: Injector, small: None, monkeypatch: pytest.MonkeyPatch) -> Live:
    return Live(world, hook, monkeypatch)


def _start(live: Live) -> Built[Delivery]:
    live.prepare()
    body = {"filter": {"starts_with": {"email": ""}}, "items": [live.item]}
    assert live.ask(live.admin_request("POST", "/enroll", body, "filter")).status == 202
    return live.scenario(live.outside.take_one(job="enroll_people"))


def _somebody_joins(live: Live) -> None:
    live.world.member(live.org_id, email="late@example.com")


def _enrolled(live: Live, *, num: int = 3) -> None:
    live.settled()
    people = [item for item in live.dump("core") if item["sk"].startswith("PEOPLE#")]
    assert [len(item["member_ids"]) for item in people] == [num]
    assert live.by_status() == {"invited": 2, "waiting": num - 2}
    assert len(live.kinds(0)) == 1


def test_the_job_makes_these_calls(live: Live) -> None:
    delivery = live.begin_with(_start)
    with live.injector.watched() as calls:
        assert live.outside.deliver(delivery)
    assert calls == START
    _enrolled(live)


@pytest.mark.parametrize(("at", "fault"), distinct_faults(START))
def test_the_people_are_fixed_once_whichever_call_breaks(live: Live, at: int, fault: Fault) -> None:
    """Somebody who joins in between is one of them, or is not; the chunk enrolls those who were fixed."""
    delivery = live.begin_with(_start)
    later.broken_delivery(live, delivery, at, fault)
    people = [item for item in live.dump("core") if item["sk"].startswith("PEOPLE#")]
    _somebody_joins(live)
    live.outside.deliver(delivery)
    _enrolled(live, num=3 if people else 4)


@pytest.mark.parametrize("at", each(START))
def test_two_deliveries_at_once_enroll_the_same_people(live: Live, at: int) -> None:
    delivery = live.begin_with(_start)
    other = Delivery(dict(delivery.body))  # type: ignore[arg-type]

    def meanwhile() -> None:
        _somebody_joins(live)
        live.outside.deliver(other)

    later.while_delivering(live, delivery, at, meanwhile)
    live.settled()
    (people,) = [item for item in live.dump("core") if item["sk"].startswith("PEOPLE#")]
    assert {one["member_id"] for one in live.participants()} == set(people["member_ids"])
    assert set(live.people_ids) <= set(people["member_ids"])


# ---------------------------------------------------------------- the file


def _export(live: Live) -> Built[tuple[Delivery, str]]:
    live.enrolled_people()
    path = f"/{live.item['training_id']}/participants/export"
    export_id = live.ask(live.admin_request("POST", path, key="export")).json["export_id"]
    return live.scenario((live.outside.take_one(job="export"), str(export_id)))


def _ready(live: Live, export_id: str) -> Any:
    return live.ask(Request("GET", f"/orgs/{live.org_id}/exports/{export_id}", live.org_admin)).json


def test_the_file_takes_these_calls(live: Live) -> None:
    delivery, export_id = live.begin_with(_export)
    with live.injector.watched() as calls:
        assert live.outside.deliver(delivery)
    assert calls == EXPORT
    assert _ready(live, export_id)["num_rows"] == len(ADDRESSES)


@pytest.mark.parametrize(("at", "fault"), pairs(EXPORT))
def test_the_file_is_whole_whichever_call_breaks(live: Live, at: int, fault: Fault) -> None:
    delivery, export_id = live.begin_with(_export)
    with live.injector.fault(at, fault):
        live.outside.deliver(delivery)
    assert live.injector.struck
    live.outside.deliver(delivery)
    live.come_to_rest()
    read = _ready(live, export_id)
    assert (read["status"], read["num_rows"]) == ("ready", len(ADDRESSES))
