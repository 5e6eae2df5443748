"""Erasing a member and an account: every AWS call of it fails once, and the person is gone all the same."""

import json

import pytest

from chalicelib.aws.identity import identity
from tests.faults import later
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.harness import FaultHarness
from tests.faults.kinds import (
    DELETE,
    DELETE_FILE,
    DELETE_USER,
    FIND_USER,
    GET,
    GET_MANY,
    PUT,
    QUERY,
    SEND,
    TRANSACT,
    UPDATE,
    Fault,
    pairs,
)

EMAIL = "zoelle.quill@personal.example"

# The key is claimed; the member and the account's roles; the mark with its audit entry; the message; the answer.
REQUEST = [QUERY, GET, GET, PUT, GET, QUERY, GET, QUERY, TRANSACT, SEND, UPDATE]
# Whom it is about; uploads, trainings, earlier profiles, filters, launches, enrollments in trainings; both kinds of
# admins, and the drafts of the one there is; actions on many; exports of the client and of the MSP, of which one names
# people; answers to both kinds of admins; mails; a calendar feed and notices; certificates; the account's other
# memberships and courses; the end; certificates of what was completed meanwhile.
JOB = [
    GET, GET, QUERY, QUERY, QUERY, QUERY, QUERY, TRANSACT, QUERY, QUERY, *[QUERY] * 4, QUERY, DELETE_FILE, TRANSACT,
    QUERY, QUERY, QUERY, QUERY, TRANSACT, GET_MANY, QUERY, QUERY, QUERY, QUERY, TRANSACT, QUERY, SEND,
]  # fmt: skip
# Whether it was asked for; who holds the account; the account; its notices, exports, certificates and other items.
ACCOUNT = [
    GET, QUERY, QUERY, FIND_USER, DELETE_USER, QUERY, QUERY, QUERY, QUERY, GET, QUERY, QUERY, TRANSACT, TRANSACT,
    DELETE,
]  # fmt: skip


class Leaving:
    def __init__(self, play: FaultHarness) -> None:
        self.play, world = play, play.world
        self.org = play.client(0, [play.course()])
        self.account = identity().account_for(EMAIL, world.now)
        _, self.member = world.learner(self.org, account_id=self.account, email=EMAIL, status="archived")
        self.path = f"/orgs/{self.org}/members/{self.member}"
        kept = {"name": "Her", "filter": {"starts_with": {"email": EMAIL}}}
        assert play.ask(Request("POST", f"/orgs/{self.org}/filters", play.admin, kept)).status == 201
        assert play.ask(Request("POST", self.path + "/data", play.admin, key="data")).status == 202
        play.outside.until_quiet()

    def request(self) -> Request:
        return Request("POST", self.path + "/erase", self.play.admin, key="erase")

    def delivery(self) -> Delivery:
        assert self.play.ask(self.request()).status == 202
        return self.play.outside.take_one(job="erase_member")

    def account_delivery(self) -> Delivery:
        self.play.outside.deliver(self.delivery())
        return self.play.outside.take_one(job="erase_account")

    def assert_gone(self) -> None:
        later.settle(self.play)
        stored = {name: json.dumps(self.play.world.dump(name), default=str) for name in ("core", "outbox")}
        assert [name for name, text in stored.items() if EMAIL in text] == []
        assert identity().find(EMAIL) is None
        bucket = self.play.world.stage.environment["FILES_BUCKET"]
        assert "Contents" not in self.play.world.client("s3").list_objects_v2(Bucket=bucket)
        assert self.play.ask(Request("GET", f"/orgs/{self.org}/audit/verify", self.play.admin)).json["ok"]
        erased = [item for item in self.play.world.dump("core") if item.get("action") == "member.erased"]
        assert len(erased) == 1


def test_a_member_is_erased_with_these_calls(play: FaultHarness) -> None:
    leaving = Leaving(play)
    with play.injector.watched() as calls:
        assert play.ask(leaving.request()).status == 202
    assert calls == REQUEST
    with play.injector.watched() as calls:
        play.outside.deliver(play.outside.take_one(job="erase_member"))
    assert calls == JOB
    with play.injector.watched() as calls:
        play.outside.deliver(play.outside.take_one(job="erase_account"))
    assert calls == ACCOUNT
    leaving.assert_gone()


@pytest.mark.parametrize(("at", "fault"), pairs(REQUEST, later.ESSENTIAL))
def test_a_fault_in_the_request(play: FaultHarness, at: int, fault: Fault) -> None:
    leaving = Leaving(play)
    later.broken_request(play, leaving.request(), at, fault, 202)
    leaving.assert_gone()


@pytest.mark.parametrize(("at", "fault"), pairs(JOB, later.ESSENTIAL))
def test_a_fault_in_the_job(play: FaultHarness, at: int, fault: Fault) -> None:
    leaving = Leaving(play)
    later.broken_delivery(play, leaving.delivery(), at, fault)
    leaving.assert_gone()


@pytest.mark.parametrize(("at", "fault"), pairs(ACCOUNT, later.ESSENTIAL))
def test_a_fault_in_erasing_the_account(play: FaultHarness, at: int, fault: Fault) -> None:
    leaving = Leaving(play)
    later.broken_delivery(play, leaving.account_delivery(), at, fault)
    leaving.assert_gone()
