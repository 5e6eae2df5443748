"""Inviting, resending, cancelling and scheduled sends, with every fault at every AWS call.

After each fault the same request is sent again, until it is answered; then time passes, jobs and the mailer run. In the
end each person is one member with one open invitation, or none, and has one mail for it.
"""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest

from chalicelib.core.clock import to_text
from chalicelib.people.invitations import invite
from tests.faults import later
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.injector import Injector
from tests.faults.inviting_calls import CANCEL, CLAIM, INVITE, INVITE_IN_PARTS, INVITED_BY, RESEND_TWO
from tests.faults.inviting_scenarios import ANN, BOB, People, distinct_faults, faults_on_writes, named
from tests.faults.kinds import GET, GET_MANY, INSERT, KILLED_AFTER, SCHEDULE, SEND, TRANSACT, Fault, pairs
from tests.harness import World

# A new person is seven of a transaction's hundred writes.
_ROOM_FOR_ONE = 90

SCHEDULED_SEND = {"early": [GET, SCHEDULE], "due": [GET, INSERT, INSERT, INSERT, INSERT, TRANSACT, SEND, TRANSACT]}


@pytest.fixture
def people(world: World, hook: Injector, small: None, monkeypatch: pytest.MonkeyPatch) -> People:
    return People(world, hook, monkeypatch)


def _at(people: People) -> str:
    return to_text(people.world.now + timedelta(days=3))


# ------------------------------------------------------------ the requests, and the state that they lead to


def _now(people: People) -> Request:
    return people.invite_request(ANN, BOB)


def _later(people: People) -> Request:
    return people.invite_request(ANN, BOB, notify=_at(people))


def _again(people: People) -> Request:
    """A member who declined, and a new person."""
    member_id, _ = people.invited()
    assert people.ask(people.answer_request("decline", member_id, people.world.account(ANN))).status == 200
    return people.invite_request(ANN, BOB)


def _resend(people: People) -> Request:
    """One has got the mail; the other's is still queued, and is never sent."""
    first, _ = people.invited()
    return people.change_request("resend", first, people.invite(BOB))


def _cancel(people: People) -> Request:
    return people.change_request("cancel", people.invited()[0])


def _all_invited(people: People, num_links: int = 2) -> None:
    people.rest()
    assert people.statuses() == {"prospect": 2}
    assert people.num_links() == num_links
    assert people.audit_actions()["members.invited"] == 1


def _invited_later(people: People) -> None:
    people.come_to_rest()
    assert people.sent() == []
    people.outside.until(people.world.now + timedelta(days=3))
    _all_invited(people)


def _invited_again(people: People) -> None:
    people.rest()
    assert people.statuses() == {"prospect": 2}
    assert people.num_links() == 3
    assert people.audit_actions()["members.invited"] == 2


def _resent(people: People) -> None:
    people.rest()
    assert people.statuses() == {"pending": 1, "prospect": 1}
    # The first mail of one of them, and a new one each.
    assert people.num_links() == 3
    assert people.audit_actions()["invitation.resent"] == 2


def _cancelled(people: People) -> None:
    people.rest()
    assert people.statuses() == {"cancelled": 1}
    assert people.page(people.link()) == "dead"
    assert [subject for subject in people.subjects() if "withdrawn" in subject] == people.subjects()[1:]
    assert len(people.sent()) == 2
    assert people.audit_actions()["invitation.cancelled"] == 1


_REQUESTS: dict[str, tuple[Callable[[People], Request], list[str], int, Callable[[People], None]]] = {
    "invite": (_now, INVITE, 201, _all_invited),
    "invite later": (_later, INVITE, 201, _invited_later),
    "invite again": (_again, [*INVITE[:6], GET_MANY, *INVITE[6:]], 201, _invited_again),
    "resend": (_resend, RESEND_TWO, 200, _resent),
    "cancel": (_cancel, CANCEL, 200, _cancelled),
}

# The calls before these claim the idempotency key, by the same code for all.
_OWN = len(CLAIM) + 1
_EACH = named("invite", distinct_faults(INVITE)) + [
    one
    for name, (_, calls, _, _) in _REQUESTS.items()
    if name != "invite"
    for one in named(name, faults_on_writes(calls, _OWN))
]


@pytest.mark.parametrize("name", _REQUESTS)
def test_inviting_makes_these_calls_and_has_this_result(people: People, name: str) -> None:
    build, expected, status, check = _REQUESTS[name]
    request = people.starting(build)
    with people.injector.watched() as calls:
        answer = people.ask(request)
    assert (answer.status, calls) == (status, expected)
    # The same request again, after everything was done, writes nothing.
    before = people.world.dump("core")
    assert people.ask(request).json == answer.json
    assert people.world.dump("core") == before
    check(people)


@pytest.mark.parametrize(("name", "at", "fault"), _EACH)
def test_everybody_is_invited_once_whichever_call_breaks(people: People, name: str, at: int, fault: Fault) -> None:
    build, _, status, check = _REQUESTS[name]
    answer = later.broken_request(people, people.starting(build), at, fault, status)
    listed = answer.json["results"]
    assert all(one.get("result") == "invited" or one.get("done") for one in listed)
    check(people)


@pytest.mark.parametrize(("at", "fault"), pairs(INVITE, [KILLED_AFTER]))
def test_an_invitation_whose_request_is_not_repeated_is_complete_or_not_made(
    people: People, at: int, fault: Fault
) -> None:
    with people.injector.fault(at, fault):
        assert people.outside.ask(_now(people)) is None
    people.rest()
    is_saved = at >= INVITED_BY
    assert people.statuses() == ({"prospect": 2} if is_saved else {})
    assert people.num_links() == (2 if is_saved else 0)


_PARTS = [one for one in faults_on_writes(INVITE_IN_PARTS, _OWN) if int(str(one.values[0])) <= INVITED_BY + 5]


@pytest.mark.parametrize("notify", ["now", "later"])
@pytest.mark.parametrize(("at", "fault"), _PARTS)
def test_an_invitation_that_broke_between_two_people_goes_on_with_the_other(
    people: People, monkeypatch: pytest.MonkeyPatch, notify: str, at: int, fault: Fault
) -> None:
    monkeypatch.setattr(invite, "_OTHER_WRITES", _ROOM_FOR_ONE)
    request = _now(people) if notify == "now" else _later(people)
    answer = later.broken_request(people, request, at, fault, 201)
    assert [one["result"] for one in answer.json["results"]] == ["invited", "invited"]
    if notify == "later":
        people.outside.until(people.world.now + timedelta(days=3))
    people.rest()
    assert people.statuses() == {"prospect": 2}
    assert people.num_links() == 2
    assert people.audit_actions()["members.invited"] == 2


def test_an_invitation_in_parts_makes_these_calls(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invite, "_OTHER_WRITES", _ROOM_FOR_ONE)
    with people.injector.watched() as calls:
        assert people.ask(_now(people)).status == 201
    assert calls == INVITE_IN_PARTS


# ------------------------------------------------------------ scheduled sends


def _early(people: People) -> Delivery:
    assert people.ask(people.invite_request(ANN, BOB, "carol@example.com", notify=_at(people))).status == 201
    return people.outside.take_one(job="wave")


def _due(people: People) -> Delivery:
    delivery = _early(people)
    assert people.outside.deliver(delivery)
    people.world.now += timedelta(days=3)
    return delivery


SCENARIOS = {"early": _early, "due": _due}
_EACH_SCHEDULED = [one for name, calls in SCHEDULED_SEND.items() for one in named(name, faults_on_writes(calls))]


@pytest.mark.parametrize("name", SCHEDULED_SEND)
def test_a_scheduled_send_makes_these_calls(people: People, name: str) -> None:
    delivery = people.starting(SCENARIOS[name])
    with people.injector.watched() as calls:
        assert people.outside.deliver(delivery)
    assert calls == SCHEDULED_SEND[name]


@pytest.mark.parametrize(("name", "at", "fault"), _EACH_SCHEDULED)
def test_scheduled_mails_are_made_once_whichever_call_breaks(people: People, name: str, at: int, fault: Fault) -> None:
    later.broken_delivery(people, people.starting(SCENARIOS[name]), at, fault)
    people.outside.until(people.world.now + timedelta(days=3))
    people.rest()
    assert people.num_links() == 3
    assert Counter(mail["To"][0] for mail in people.sent()) == dict.fromkeys((ANN, BOB, "carol@example.com"), 1)
