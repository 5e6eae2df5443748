"""Badges with every fault at every AWS call, KMS's among them: one badge, one place, and what is revoked is revoked."""

import json
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.errors import MusterError
from chalicelib.training.certificates import erase
from chalicelib.training.certificates.badges import bits, jws
from chalicelib.training.certificates.badges.messages import RevokeBadge
from chalicelib.worker import work
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.harness import FaultHarness
from tests.faults.injector import Killed
from tests.faults.kinds import DELETE_FILE, GET, PUBLIC_KEY, PUT, QUERY, SEND, SIGN, TRANSACT, Fault, pairs
from tests.faults.snapshots import built_once

# The certificate; the issuer, the key, and the first list; the place; the address, the key and the badge.
_FIRST = [GET, GET, GET, PUBLIC_KEY, PUT, SIGN, TRANSACT, TRANSACT, GET, GET, SIGN, TRANSACT]
_MAKE = [GET, GET, TRANSACT, GET, GET, SIGN, TRANSACT]
# Whether it was asked for; the list, the key, the list anew.
_REVOKE = [GET, GET, GET, SIGN, TRANSACT]
_ASK = [QUERY, GET, TRANSACT, SEND]


@built_once
def _certified(play: FaultHarness, num: int = 1) -> tuple[str, list[dict[str, Any]], list[str]]:
    """The client, the certificates of some of its people, and their accounts."""
    course = play.course(certificate=True)
    org_id = play.client(0, [course])
    people = [play.world.learner(org_id) for _ in range(num)]
    play.launch([org_id], [{"course_id": course}])
    play.outside.work_off()
    found = []
    for account_id, member_id in people:
        path = f"/me/courses/{org_id}.{member_id}.{course}/complete"
        assert play.ask(Request("POST", path, account_id)).status == 200
        found += play.world.every("/me/certificates", account_id)
    return org_id, found, [account_id for account_id, _ in people]


@built_once
def _asked(play: FaultHarness, num_before: int) -> tuple[Request, Delivery]:
    """Somebody asks for a badge, after so many others have theirs: the request, and the job."""
    _, certificates, accounts = _certified(play, num_before + 1)
    for certificate, account_id in zip(certificates, accounts, strict=True):
        request = Request("GET", f"/me/certificates/{certificate['certificate_id']}/badge", account_id)
        play.outside.work_off()
        assert play.ask(request).status == 202
    return request, play.outside.take_one(job="make_badge")


def _stored(play: FaultHarness, prefix: str) -> list[dict[str, Any]]:
    stored = [item for short in ("core", "enrollments", "outbox") for item in play.world.dump(short)]
    return [item for item in stored if item["sk"].startswith(prefix) or item["pk"].startswith(prefix)]


def _assert_made(play: FaultHarness, request: Request, num: int) -> None:
    answer = play.ask(request)
    assert answer.json["status"] == "ready", answer.text
    (issuer,) = _stored(play, "ISSUER")
    assert issuer["list_number"] == 1
    assert len(_stored(play, "KEY#")) == 1
    assert len(_stored(play, "BADGE#")) == num
    # Nothing is left to be done.
    assert _stored(play, "DUE#") == []


@pytest.mark.parametrize(("calls", "num_before"), [(_FIRST, 0), (_MAKE, 1)])
def test_making_a_badge_makes_these_calls(play: FaultHarness, calls: list[str], num_before: int) -> None:
    request, delivery = _asked(play, num_before)
    with play.injector.watched() as seen:
        play.outside.deliver(delivery)
    assert seen == calls
    _assert_made(play, request, num_before + 1)
    assert len(_stored(play, "PLACE#")) == num_before + 1


@pytest.mark.parametrize(
    ("num_before", "at", "fault"),
    [
        pytest.param(num_before, *pair.values, id=f"{num_before} before: {pair.id}")
        for num_before, calls in ((0, _FIRST), (1, _MAKE))
        for pair in pairs(calls)
    ],
)
def test_a_badge_is_made_whichever_call_breaks(play: FaultHarness, num_before: int, at: int, fault: Fault) -> None:
    request, delivery = _asked(play, num_before)
    with play.injector.fault(at, fault):
        play.outside.deliver(delivery)
    assert play.injector.struck
    play.outside.work_off()
    play.world.now += timedelta(hours=1)
    _assert_made(play, request, num_before + 1)
    # A place that was taken stays the badge's, and none is taken twice.
    assert len(_stored(play, "PLACE#")) == num_before + 1


@pytest.mark.parametrize(("at", "fault"), pairs(_ASK))
def test_asking_for_a_badge_comes_out_right_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    _, (certificate,), (account_id,) = _certified(play)
    request = Request("GET", f"/me/certificates/{certificate['certificate_id']}/badge", account_id)
    with play.injector.fault(at, fault):
        play.outside.ask(request)
    assert play.injector.struck
    assert play.outside.ask_until_answered(request).status == 202
    play.outside.until_quiet()
    _assert_made(play, request, 1)


# ---------------------------------------------------------------- what ends it


@built_once
def _made(play: FaultHarness) -> tuple[str, dict[str, Any], str]:
    """The client, the certificate and who holds it."""
    org_id, (certificate,), (account_id,) = _certified(play)
    path = f"/me/certificates/{certificate['certificate_id']}/badge"
    assert play.ask(Request("GET", path, account_id)).status == 202
    play.outside.work_off()
    return org_id, certificate, account_id


def _assert_revoked(play: FaultHarness, num_keys: int = 1) -> None:
    (place,) = _stored(play, "PLACE#")
    (published,) = [item for item in _stored(play, "LIST#") if "credential" in item]
    found = bits.decoded(jws.payload_of(published["credential"])["credentialSubject"]["encodedList"])
    index = int(place["sk"].removeprefix("PLACE#"))
    assert found == bits.with_bit(bits.none_set(), index)
    assert len(_stored(play, "KEY#")) == num_keys
    assert _stored(play, "DUE#") == []


def _revoked(play: FaultHarness) -> Delivery:
    org_id, certificate, _ = _made(play)
    path = f"/orgs/{org_id}/certificates/{certificate['certificate_id']}/revoke"
    assert play.ask(Request("POST", path, play.admin, {}, "once")).status == 200
    return play.outside.take_one(job="revoke_badge")


def test_revoking_a_badge_makes_these_calls(play: FaultHarness) -> None:
    delivery = _revoked(play)
    with play.injector.watched() as calls:
        play.outside.deliver(delivery)
    assert calls == _REVOKE
    _assert_revoked(play)


@pytest.mark.parametrize(("at", "fault"), pairs(_REVOKE))
def test_a_badge_is_revoked_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    delivery = _revoked(play)
    with play.injector.fault(at, fault):
        play.outside.deliver(delivery)
    assert play.injector.struck
    play.outside.work_off()
    _assert_revoked(play)


@pytest.mark.parametrize("due_at", [None, "2027-01-04T10:00:00Z"])
def test_a_badge_that_nobody_revoked_counts_whatever_a_message_says(play: FaultHarness, due_at: str | None) -> None:
    """Issue 10, 23: a job is not believed. A bit that is set is never taken back."""
    org_id, *_ = _made(play)
    (place,) = (int(one["sk"].removeprefix("PLACE#")) for one in _stored(play, "PLACE#"))
    before = play.world.dump("core"), play.world.dump("outbox")
    msp_id = play.world._msp_by_org[org_id]
    job = RevokeBadge(msp_id=msp_id, org_id=org_id, list_number=1, index=place, due_at=due_at)
    work({"Records": [{"messageId": "1", "body": json.dumps(job.body())}]}, clock=lambda: play.world.now)
    assert (play.world.dump("core"), play.world.dump("outbox")) == before


def test_two_that_are_revoked_at_once_are_both_in_the_list(play: FaultHarness) -> None:
    _, certificates, accounts = _certified(play, 2)
    for certificate, account_id in zip(certificates, accounts, strict=True):
        play.ask(Request("GET", f"/me/certificates/{certificate['certificate_id']}/badge", account_id))
    play.outside.work_off()
    for certificate in certificates:
        org_id = certificate["certificate_id"].partition(".")[0]
        path = f"/orgs/{org_id}/certificates/{certificate['certificate_id']}/revoke"
        assert play.ask(Request("POST", path, play.admin, {}, certificate["number"])).status == 200
    one, other = (play.outside.take_one(job="revoke_badge") for _ in range(2))
    # Between the read and the write of the one, the other is done.
    with play.injector.meanwhile(_REVOKE.index(TRANSACT) + 1, lambda: play.outside.deliver(other)):
        play.outside.deliver(one)
    assert play.injector.struck
    (published,) = [item for item in _stored(play, "LIST#") if "credential" in item]
    found = bits.decoded(jws.payload_of(published["credential"])["credentialSubject"]["encodedList"])
    wanted = {int(place["sk"].removeprefix("PLACE#")) for place in _stored(play, "PLACE#")}
    assert {index for index in range(bits.NUM_BITS) if bits.is_set(found, index)} == wanted
    assert len(wanted) == 2


@pytest.mark.parametrize("at", [2, _MAKE.index(TRANSACT) + 1, len(_MAKE)])
def test_who_is_revoked_while_the_badge_is_made_has_none_that_counts(play: FaultHarness, at: int) -> None:
    request, delivery = _asked(play, 1)
    certificate_id = request.path.split("/")[3]
    path = f"/orgs/{certificate_id.partition('.')[0]}/certificates/{certificate_id}/revoke"
    revoke = Request("POST", path, play.admin, {}, "once")
    with play.injector.meanwhile(at, lambda: _is_ok(play.ask(revoke).status)):
        play.outside.deliver(delivery)
    assert play.injector.struck
    play.outside.work_off()
    play.world.now += timedelta(hours=1)
    assert play.ask(request).status == 409
    assert len(_stored(play, "BADGE#")) == 1
    assert _stored(play, "DUE#") == []


def _is_ok(status: int) -> None:
    assert status == 200


_ERASE = [QUERY, TRANSACT, SEND, DELETE_FILE]


@pytest.mark.parametrize(("at", "fault"), pairs(_ERASE))
def test_an_erased_persons_badge_goes_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    org_id, certificate, _ = _made(play)
    _, member_id, _ = certificate["certificate_id"].split(".")
    with play.injector.fault(at, fault), suppress(MusterError, Killed):
        erase.erase_member(org_id, member_id, play.world.now)
    assert play.injector.struck
    assert erase.erase_member(org_id, member_id, play.world.now) == 1
    play.outside.until_quiet()
    assert _stored(play, "BADGE#") == []
    _assert_revoked(play)
