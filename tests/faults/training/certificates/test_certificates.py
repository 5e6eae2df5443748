"""Certificates with every fault at every AWS call: one number for one completion, one file, nothing half done."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.errors import MusterError
from chalicelib.training.certificates import erase
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.harness import FaultHarness
from tests.faults.injector import Killed
from tests.faults.kinds import DELETE_FILE, GET, INVOKE, PUT, PUT_FILE, QUERY, SEND, TRANSACT, UPDATE, Fault, pairs
from tests.faults.snapshots import built_once

_ISSUED = {"state": "valid"}


@dataclass(frozen=True)
class Step:
    """A request about a certificate, its calls, and the states of the certificates afterwards."""

    method: str
    path: str
    calls: list[str]
    states: list[str]
    body: Any = None
    by_holder: bool = False


# Who asks, the member's departments, the idempotency key; the certificate, and the trail.
_CLAIM = [GET, QUERY, GET, GET, PUT]
_STEPS = {
    "revoke": Step(
        "POST", "/revoke", [*_CLAIM, GET, QUERY, TRANSACT, GET, UPDATE], ["revoked"], {"reason": "Mistaken"}
    ),
    "reissue": Step(
        "POST", "/reissue", [*_CLAIM, GET, GET, GET, GET, GET, QUERY, TRANSACT, GET, UPDATE], ["valid", "replaced"]
    ),
    "correct the date": Step(
        "PATCH",
        "",
        [GET, QUERY, GET, GET, GET, GET, QUERY, QUERY, TRANSACT, GET, GET],
        ["valid", "replaced"],
        {"result": {"completed_at": "2087-01-05"}},
    ),
    "ask for the file": Step("GET", "/file", [QUERY, GET, TRANSACT, SEND], ["valid"], by_holder=True),
}


@built_once
def _step(play: FaultHarness, name: str) -> tuple[Request, str]:
    """The request, and who holds the certificate."""
    step = _STEPS[name]
    course = play.course(certificate=True)
    org_id = play.client(0, [course])
    account_id, member_id = play.world.learner(org_id)
    play.launch([org_id], [{"course_id": course}])
    play.outside.work_off()
    enrollment_id = f"{org_id}.{member_id}.{course}"
    assert play.ask(Request("POST", f"/me/courses/{enrollment_id}/complete", account_id)).status == 200
    # A certificate that comes later is listed first.
    play.world.now += timedelta(seconds=1)
    (certificate,) = play.world.every("/me/certificates", account_id)
    base = "/me" if step.by_holder else f"/orgs/{org_id}"
    path = f"{base}/certificates/{certificate['certificate_id']}{step.path}"
    if step.method == "PATCH":
        path = f"/orgs/{org_id}/members/{member_id}/enrollments/{enrollment_id}"
    caller = account_id if step.by_holder else play.admin
    key = "once" if step.method == "POST" else None
    return Request(step.method, path, caller, step.body, key), account_id


def _assert_so(play: FaultHarness, name: str, account_id: str) -> None:
    found = play.world.every("/me/certificates", account_id)
    assert [one["state"] for one in found] == _STEPS[name].states
    stored = [item for short in ("core", "enrollments") for item in play.world.dump(short)]
    places = [item for item in stored if item["pk"].endswith("#CERTIFICATES")]
    numbers = [item for item in stored if item["sk"] == "NUMBER"]
    assert len(places) == len(numbers) == len(found)
    trail = [item for item in stored if item.get("action", "").startswith("certificate.")]
    assert len(trail) == (name in ("revoke", "reissue"))


@pytest.mark.parametrize("name", _STEPS)
def test_certificates_make_these_calls(play: FaultHarness, name: str) -> None:
    request, account_id = _step(play, name)
    with play.injector.watched() as calls:
        answer = play.ask(request)
    assert answer.status in (200, 201, 202), answer.text
    assert calls == _STEPS[name].calls
    _assert_so(play, name, account_id)


@pytest.mark.parametrize(
    ("name", "at", "fault"),
    [
        pytest.param(name, *pair.values, id=f"{name}: {pair.id}")
        for name, step in _STEPS.items()
        for pair in pairs(step.calls)
    ],
)
def test_certificates_come_out_right_whichever_call_breaks(
    play: FaultHarness, name: str, at: int, fault: Fault
) -> None:
    request, account_id = _step(play, name)
    with play.injector.fault(at, fault):
        play.outside.ask(request)
    assert play.injector.struck
    answer = play.outside.ask_until_answered(request)
    assert answer.status in (200, 201, 202), answer.text
    _assert_so(play, name, account_id)


# ---------------------------------------------------------------- the file


_MAKE = [GET, INVOKE, PUT_FILE, TRANSACT]


def _asked(play: FaultHarness) -> tuple[str, str]:
    """Whose file is to be made; who asks."""
    request, account_id = _step(play, "ask for the file")
    assert play.ask(request).status == 202
    return request.path, account_id


def test_making_a_file_makes_these_calls(play: FaultHarness) -> None:
    _asked(play)
    delivery: Delivery = play.outside.take_one(job="make_certificate")
    with play.injector.watched() as calls:
        play.outside.deliver(delivery)
    assert calls == _MAKE


@pytest.mark.parametrize(("at", "fault"), pairs(_MAKE))
def test_a_file_is_made_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    path, account_id = _asked(play)
    delivery = play.outside.take_one(job="make_certificate")
    with play.injector.fault(at, fault):
        play.outside.deliver(delivery)
    assert play.injector.struck
    play.outside.work_off()
    assert play.ask(Request("GET", path, account_id)).status == 200
    play.world.now += timedelta(hours=1)
    assert not [item for item in play.world.dump("outbox") if item["pk"].startswith("DUE#")]


_ERASE = [QUERY, TRANSACT, DELETE_FILE]


@pytest.mark.parametrize(("at", "fault"), pairs(_ERASE))
def test_a_name_is_gone_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    _, account_id = _asked(play)
    play.outside.work_off()
    (certificate,) = play.world.every("/me/certificates", account_id)
    org_id, member_id, _ = certificate["certificate_id"].split(".")
    with play.injector.fault(at, fault), suppress(MusterError, Killed):
        erase.erase_member(org_id, member_id, play.world.now)
    assert play.injector.struck
    assert erase.erase_member(org_id, member_id, play.world.now) == 1
    assert [one["holder"] for one in play.world.every("/me/certificates", account_id)] == [None]
    files = play.world.client("s3").list_objects_v2(Bucket=play.world.stage.environment["FILES_BUCKET"])
    assert "Contents" not in files
