"""Attendance that brings certificates, with faults at every AWS call: one certificate for who came, none for others."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.faults import later
from tests.faults.fake_sqs import Request
from tests.faults.injector import Injector
from tests.faults.kinds import GET, GET_MANY, PUT, QUERY, TRANSACT, UPDATE, Fault, each, pairs
from tests.faults.live_scenarios import Built, Live
from tests.harness import World

# The key and its claim; the session and the people; training, client and members for the certificates; attendance,
# certificates and the trail in one; the answer.
CALLS = [QUERY, GET, PUT, GET, GET_MANY, GET, GET, GET_MANY, QUERY, TRANSACT, UPDATE]
# Corrected: who did not come after all; their certificate, attendance and the trail in one; the answer.
CORRECTED = [QUERY, GET, PUT, GET, GET_MANY, GET, QUERY, TRANSACT, UPDATE]


@pytest.fixture
def live(world: World, hook: Injector, small: None, monkeypatch: pytest.MonkeyPatch) -> Live:
    return Live(world, hook, monkeypatch)


def _request(live: Live, key: str, **people: list[str]) -> Request:
    path = f"/{live.item['training_id']}/sessions/{live.item['session_id']}/attendance"
    return live.admin_request("POST", path, people, key)


def _enter(live: Live) -> Built[Request]:
    """Ann and Bob have a place; the session has begun."""
    live.enrolled_people()
    changed = live.ask(live.admin_request("PATCH", f"/{live.item['training_id']}", {"certificate": True}))
    assert changed.status == 200, changed.text
    live.world.now = datetime(2087, 1, 20, 8, 30, tzinfo=UTC)
    return live.scenario(_request(live, "attendance", attended=live.people_ids[:2]))


def _correct(live: Live) -> Built[Request]:
    """Both came, it was said; Ann did not."""
    live.item, live.people_ids = _enter(live)[1:]
    assert live.ask(_request(live, "attendance", attended=live.people_ids[:2])).status == 200
    return live.scenario(_request(live, "correction", absent=live.people_ids[:1]))


def _certificates(live: Live) -> list[dict[str, Any]]:
    return [item for item in live.dump("enrollments") if item["sk"].startswith("CERTIFICATE#")]


def _certified(live: Live, num_revoked: int = 0) -> None:
    """One certificate for each, known by its number, in the organization's list, and by who came."""
    certificates = _certificates(live)
    assert Counter(item["member_id"] for item in certificates) == Counter(live.people_ids[:2])
    assert sum("revoked_at" in item for item in certificates) == num_revoked
    core = live.dump("core")
    numbers = {item["pk"].removeprefix("CERTIFICATE#") for item in core if item["sk"] == "NUMBER"}
    assert numbers == {item["number"] for item in certificates}
    listed = {item["certificate_id"] for item in core if item["pk"] == f"ORG#{live.org_id}#CERTIFICATES"}
    assert listed == {item["certificate_id"] for item in certificates}
    held = {item["member_id"]: item.get("certificate_id") for item in live.participants() if "certificate_id" in item}
    valid = {item["member_id"]: item["certificate_id"] for item in certificates if "revoked_at" not in item}
    assert {member: one for member, one in held.items() if one} == valid


def test_attendance_makes_these_calls(live: Live) -> None:
    request = live.begin_with(_enter)
    with live.injector.watched() as calls:
        assert live.ask(request).status == 200
    assert calls == CALLS
    _certified(live)


@pytest.mark.parametrize(("at", "fault"), pairs(CALLS))
def test_everybody_has_one_certificate_whichever_call_breaks(live: Live, at: int, fault: Fault) -> None:
    later.broken_request(live, live.begin_with(_enter), at, fault, 200)
    _certified(live)


@pytest.mark.parametrize("at", each(CALLS))
def test_another_admin_who_enters_the_same_meanwhile_certifies_nobody_twice(live: Live, at: int) -> None:
    request = live.begin_with(_enter)
    other = _request(live, "other", attended=live.people_ids[:1])
    later.while_asking(live, request, at, lambda: live.ask(other))
    _certified(live)


def test_a_correction_makes_these_calls(live: Live) -> None:
    request = live.begin_with(_correct)
    with live.injector.watched() as calls:
        assert live.ask(request).status == 200
    assert calls == CORRECTED
    _certified(live, 1)


@pytest.mark.parametrize(("at", "fault"), pairs(CORRECTED))
def test_a_correction_revokes_once_whichever_call_breaks(live: Live, at: int, fault: Fault) -> None:
    later.broken_request(live, live.begin_with(_correct), at, fault, 200)
    _certified(live, 1)
