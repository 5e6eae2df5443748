"""Inviting, sending again and withdrawing, and what the chosen instant brings: broken at every call, in every way.

After each fault the same request comes again, until it is answered; then time passes, jobs and mailers run. Everybody
is one member with one open invitation, or none, and has one mail for it.
"""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest

from chalicelib.core.clock import to_text
from chalicelib.people.invitations import invite as inviting
from tests.faults import later
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.injector import Injector
from tests.faults.inviting_calls import CANCEL, CLAIM, INVITE, INVITE_IN_PARTS, INVITED_BY, RESEND_TWO
from tests.faults.inviting_scenarios import ANN, BOB, People, named, sharp, telling
from tests.faults.kinds import GET, GET_MANY, INSERT, KILLED_AFTER, SCHEDULE, SEND, TRANSACT, Fault, pairs
from tests.harness import World

WAVE = {"early": [GET, SCHEDULE], "due": [GET, INSERT, INSERT, INSERT, INSERT, TRANSACT, SEND, TRANSACT]}


@pytest.fixture
def people(world: World, hook: Injector, small: None, monkeypatch: pytest.MonkeyPatch) -> People:
    return People(world, hook, monkeypatch)


def _at(people: People) -> str:
    return to_text(people.world.now + timedelta(days=3))


# ------------------------------------------------------------ the requests, and what they come to in the end


def _now(people: People) -> Request:
    return people.inviting(ANN, BOB)


def _later(people: People) -> Request:
    return people.inviting(ANN, BOB, notify=_at(people))


def _again(people: People) -> Request:
    """Somebody who declined, and somebody new."""
    member_id, _ = people.invited()
    assert people.ask(people.answering("decline", member_id, people.world.account(ANN))).status == 200
    return people.inviting(ANN, BOB)


def _resend(people: People) -> Request:
    """One has had the mail, the other's still waits, and is not sent any more."""
    first, _ = people.invited()
    return people.changing("resend", first, people.invite(BOB))


def _cancel(people: People) -> Request:
    return people.changing("cancel", people.invited()[0])


def _all_invited(people: People, num_links: int = 2) -> None:
    people.rest()
    assert people.statuses() == {"prospect": 2}
    assert people.num_links() == num_links
    assert people.told()["members.invited"] == 1


def _invited_later(people: People) -> None:
    people.come_to_rest()
    assert people.sent() == []
    people.outside.until(people.world.now + timedelta(days=3))
    _all_invited(people)


def _invited_again(people: People) -> None:
    people.rest()
    assert people.statuses() == {"prospect": 2}
    assert people.num_links() == 3
    assert people.told()["members.invited"] == 2


def _resent(people: People) -> None:
    people.rest()
    assert people.statuses() == {"pending": 1, "prospect": 1}
    # The first mail of one of them, and a new one each.
    assert people.num_links() == 3
    assert people.told()["invitation.resent"] == 2


def _cancelled(people: People) -> None:
    people.rest()
    assert people.statuses() == {"cancelled": 1}
    assert people.page(people.link()) == "dead"
    assert [subject for subject in people.subjects() if "withdrawn" in subject] == people.subjects()[1:]
    assert len(people.sent()) == 2
    assert people.told()["invitation.cancelled"] == 1


_SCENES: dict[str, tuple[Callable[[People], Request], list[str], int, Callable[[People], None]]] = {
    "invite": (_now, INVITE, 201, _all_invited),
    "invite later": (_later, INVITE, 201, _invited_later),
    "invite again": (_again, [*INVITE[:6], GET_MANY, *INVITE[6:]], 201, _invited_again),
    "resend": (_resend, RESEND_TWO, 200, _resent),
    "cancel": (_cancel, CANCEL, 200, _cancelled),
}

# The others claim their key, and answer under it, by the same code.
_OWN = len(CLAIM) + 1
_EACH = named("invite", telling(INVITE)) + [
    one for name, (_, calls, _, _) in _SCENES.items() if name != "invite" for one in named(name, sharp(calls, _OWN))
]


@pytest.mark.parametrize("name", _SCENES)
def test_inviting_makes_these_calls_and_comes_to_this(people: People, name: str) -> None:
    scene, expected, status, check = _SCENES[name]
    request = people.starting(scene)
    with people.injector.watched() as calls:
        answer = people.ask(request)
    assert (answer.status, calls) == (status, expected)
    # The same request once more, when everything was done: nothing is written.
    before = people.world.dump("core")
    assert people.ask(request).json == answer.json
    assert people.world.dump("core") == before
    check(people)


@pytest.mark.parametrize(("name", "at", "fault"), _EACH)
def test_everybody_is_invited_once_whichever_call_breaks(people: People, name: str, at: int, fault: Fault) -> None:
    scene, _, status, check = _SCENES[name]
    answer = later.broken_request(people, people.starting(scene), at, fault, status)
    listed = answer.json["results"]
    assert all(one.get("result") == "invited" or one.get("done") for one in listed)
    check(people)


@pytest.mark.parametrize(("at", "fault"), pairs(INVITE, [KILLED_AFTER]))
def test_an_invitation_that_nobody_asks_for_again_is_made_whole_or_not_at_all(
    people: People, at: int, fault: Fault
) -> None:
    with people.injector.fault(at, fault):
        assert people.outside.ask(_now(people)) is None
    people.rest()
    is_saved = at >= INVITED_BY
    assert people.statuses() == ({"prospect": 2} if is_saved else {})
    assert people.num_links() == (2 if is_saved else 0)


_PARTS = [one for one in sharp(INVITE_IN_PARTS, _OWN) if int(str(one.values[0])) <= INVITED_BY + 5]


@pytest.mark.parametrize("notify", ["now", "later"])
@pytest.mark.parametrize(("at", "fault"), _PARTS)
def test_an_invitation_that_broke_between_two_people_goes_on_with_the_other(
    people: People, monkeypatch: pytest.MonkeyPatch, notify: str, at: int, fault: Fault
) -> None:
    monkeypatch.setattr(inviting, "_AT_ONCE", 1)
    request = _now(people) if notify == "now" else _later(people)
    answer = later.broken_request(people, request, at, fault, 201)
    assert [one["result"] for one in answer.json["results"]] == ["invited", "invited"]
    if notify == "later":
        people.outside.until(people.world.now + timedelta(days=3))
    people.rest()
    assert people.statuses() == {"prospect": 2}
    assert people.num_links() == 2
    assert people.told()["members.invited"] == 2


def test_an_invitation_in_parts_makes_these_calls(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inviting, "_AT_ONCE", 1)
    with people.injector.watched() as calls:
        assert people.ask(_now(people)).status == 201
    assert calls == INVITE_IN_PARTS


# ------------------------------------------------------------ the chosen instant


def _early(people: People) -> Delivery:
    assert people.ask(people.inviting(ANN, BOB, "carol@example.com", notify=_at(people))).status == 201
    return people.outside.take_one(job="wave")


def _due(people: People) -> Delivery:
    delivery = _early(people)
    assert people.outside.deliver(delivery)
    people.world.now += timedelta(days=3)
    return delivery


WAVES = {"early": _early, "due": _due}
_WAVES = [one for name, calls in WAVE.items() for one in named(name, sharp(calls))]


@pytest.mark.parametrize("name", WAVE)
def test_mails_for_an_instant_make_these_calls(people: People, name: str) -> None:
    delivery = people.starting(WAVES[name])
    with people.injector.watched() as calls:
        assert people.outside.deliver(delivery)
    assert calls == WAVE[name]


@pytest.mark.parametrize(("name", "at", "fault"), _WAVES)
def test_mails_for_an_instant_are_made_once_whichever_call_breaks(
    people: People, name: str, at: int, fault: Fault
) -> None:
    later.broken_delivery(people, people.starting(WAVES[name]), at, fault)
    people.outside.until(people.world.now + timedelta(days=3))
    people.rest()
    assert people.num_links() == 3
    assert Counter(mail["To"][0] for mail in people.sent()) == dict.fromkeys((ANN, BOB, "carol@example.com"), 1)
