"""Live trainings with every fault at every AWS call: nobody twice, nobody forgotten, never a place too many.

After each fault the request is sent again until it is answered, or the message comes again; then time passes.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib import mailer
from chalicelib.aws.files import files
from tests.faults import later
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.injector import Injector, Killed
from tests.faults.inviting_scenarios import distinct_faults, faults_on_writes, named
from tests.faults.kinds import (
    DELETE,
    DELETE_FILE,
    GET,
    GET_FILE,
    GET_MANY,
    INSERT,
    PUT,
    QUERY,
    SCHEDULE,
    SEND,
    TRANSACT,
    UPDATE,
    Fault,
    each,
)
from tests.faults.live_scenarios import Built, Live
from tests.harness import World


@pytest.fixture
def live(world: World, hook: Injector, small: None, monkeypatch: pytest.MonkeyPatch) -> Live:
    return Live(world, hook, monkeypatch)


# ------------------------------------------------------------ requests


def _enroll(live: Live) -> Built[Request]:
    live.prepare()
    return live.scenario(live.enroll_request())


def _enroll_for_later(live: Live) -> Built[Request]:
    live.prepare()
    return live.scenario(live.enroll_request(later=True))


def _decline(live: Live) -> Built[Request]:
    live.enrolled_people()
    return live.scenario(live.rsvp_request(0, "decline"))


def _leave_line(live: Live) -> Built[Request]:
    live.enrolled_people()
    return live.scenario(live.rsvp_request(2, "decline"))


def _come_back(live: Live) -> Built[Request]:
    """Ann declined, Carol got her place, then Bob declined: one is free."""
    live.enrolled_people()
    for number in (0, 1):
        assert live.ask(live.rsvp_request(number, "decline")).status == 303
    live.come_to_rest()
    return live.scenario(live.rsvp_request(0, "confirm"))


def _move(live: Live) -> Built[Request]:
    live.enrolled_people()
    other = live.session(live.item["training_id"], day=21)
    path = f"/{live.item['training_id']}/participants/{live.people_ids[0]}"
    return live.scenario(live.admin_request("PATCH", path, {"session_id": other}))


def _cancel(live: Live) -> Built[Request]:
    live.enrolled_people()
    path = f"/{live.item['training_id']}/participants/{live.people_ids[0]}/cancel"
    return live.scenario(live.admin_request("POST", path, key="cancel"))


def _change(live: Live) -> Built[Request]:
    """Another place is told to those who come; one more place is for Carol."""
    live.enrolled_people()
    path = f"/{live.item['training_id']}/sessions/{live.item['session_id']}"
    return live.scenario(live.admin_request("PATCH", path, {"place": "Room 2", "capacity": 3}))


def _call_off(live: Live) -> Built[Request]:
    live.enrolled_people()
    path = f"/{live.item['training_id']}/sessions/{live.item['session_id']}/cancel"
    return live.scenario(live.admin_request("POST", path, {"reason": "Storm"}, "off"))


@dataclass(frozen=True)
class Step:
    """A request or a message, the calls that it makes, and what has become of Ann, Bob and Carol in the end."""

    build: Callable[[Live], Built[Any]]
    calls: list[str]
    statuses: tuple[str, str, str]
    kinds: tuple[list[str], list[str], list[str]]
    status: int = 200


_INVITED, _WAITING, _CHANGED, _CANCELLED = "invited", "waiting", "changed", "cancelled"
_FIRST = ([_INVITED], [_INVITED], [_WAITING])
_PROMOTED = ([_INVITED], [_INVITED], [_WAITING, _INVITED])

_CLAIM, _AUDIT = [QUERY, GET, PUT], [QUERY, TRANSACT]
_HELD, _LINE = [GET, GET_MANY], [QUERY, GET_MANY]
# Who answers, whose calendar feed may have to be made anew: only with an account is it looked for.
_MEMBER, _FEED = GET, GET_MANY
# Two kinds of mail are inserted with their queues; the mailer is woken.
_MAILS = [INSERT, INSERT, TRANSACT]
# What was told is noted: with Ann's notice, and of those without an account together.
_NOTED = [GET_MANY, TRANSACT, INSERT]
_TOLD = [GET_MANY, GET_MANY, GET_MANY, _FEED, *_MAILS, *_MAILS, SEND, *_NOTED]
_TOLD_ONE = [GET_MANY, GET_MANY, GET_MANY, *_MAILS, SEND, GET_MANY, INSERT]

REQUESTS = {
    "enroll": Step(
        _enroll, [*_CLAIM, *(GET, GET, GET_MANY, GET_MANY), *_AUDIT, SEND, GET_MANY, GET_MANY, UPDATE],
        (_INVITED, _INVITED, _WAITING), _FIRST, 202,
    ),
    "enroll for later": Step(
        _enroll_for_later, [*_CLAIM, *(GET, GET, GET_MANY, GET_MANY), *_AUDIT, SEND, GET_MANY, GET_MANY, UPDATE],
        (_INVITED, _INVITED, _WAITING), _FIRST, 202,
    ),
    "decline": Step(
        _decline, [GET, *_HELD, *_LINE, _MEMBER, _FEED, TRANSACT, SEND],
        ("declined", _INVITED, _INVITED), _PROMOTED, 303,
    ),
    "leave the line": Step(
        _leave_line, [GET, *_HELD, _MEMBER, TRANSACT], (_INVITED, _INVITED, "declined"), _FIRST, 303
    ),
    "come back": Step(
        _come_back, [GET, *_HELD, _MEMBER, _FEED, TRANSACT, SEND], ("confirmed", "declined", _INVITED), _PROMOTED, 303
    ),
    "move": Step(
        _move, [GET, QUERY, GET, QUERY, *_HELD, GET, *_LINE, *_AUDIT, SEND, *_HELD, GET, GET_MANY],
        (_INVITED, _INVITED, _INVITED), ([_INVITED, _CHANGED], [_INVITED], [_WAITING, _INVITED]),
    ),
    "cancel": Step(
        _cancel, [GET, *_CLAIM, *_HELD, *_LINE, *_AUDIT, SEND, *_HELD, GET, GET_MANY, UPDATE],
        (_CANCELLED, _INVITED, _INVITED), ([_INVITED, _CANCELLED], [_INVITED], [_WAITING, _INVITED]),
    ),
    "change": Step(
        _change, [QUERY, GET, GET, *_AUDIT, SEND, GET], (_INVITED, _INVITED, _INVITED),
        ([_INVITED, _CHANGED], [_INVITED, _CHANGED], [_WAITING, _INVITED]),
    ),
    "call off": Step(
        _call_off, [*_CLAIM, GET, GET, *_AUDIT, SEND, GET, UPDATE], (_INVITED, _INVITED, _WAITING),
        ([_INVITED, _CANCELLED], [_INVITED, _CANCELLED], [_WAITING, _CANCELLED]),
    ),
}  # fmt: skip


# ------------------------------------------------------------ deliveries


def _chunk(live: Live) -> Built[Delivery]:
    live.prepare()
    return live.scenario(live.chunk())


def _start(live: Live) -> Built[Delivery]:
    live.prepare()
    assert live.ask(live.enroll_request()).status == 202
    return live.scenario(live.outside.take_one(job="enroll_people"))


def _early(live: Live) -> Built[Delivery]:
    live.prepare()
    assert live.ask(live.enroll_request(later=True)).status == 202
    return live.scenario(live.outside.take_one(job="show_enrolled"))


def _moment(live: Live) -> Built[Delivery]:
    delivery, _, _ = _early(live)
    assert live.outside.deliver(delivery)
    live.outside.work_off()
    live.outside.lose_schedules()
    live.world.now += timedelta(days=3)
    return live.scenario(delivery)


def _promoted(live: Live) -> Built[Delivery]:
    assert live.ask(_decline(live)[0]).status == 303
    return live.scenario(live.outside.take_one(job="tell_people"))


def _changed(live: Live) -> Built[Delivery]:
    assert live.ask(_change(live)[0]).status == 200
    return live.scenario(live.outside.take_one(job="tell_session"))


def _added(live: Live) -> Built[Delivery]:
    assert live.ask(_change(live)[0]).status == 200
    return live.scenario(live.outside.take_one(job="fill_places"))


def _left(live: Live) -> Built[Delivery]:
    """Ann leaves the organization."""
    live.enrolled_people()
    path = f"/orgs/{live.org_id}/members/{live.people_ids[0]}/archive"
    assert live.ask(Request("POST", path, live.org_admin)).status == 200
    return live.scenario(live.outside.take_one(job="archive"))


def _reminder(live: Live) -> Built[Delivery]:
    live.enrolled_people()
    path = f"/{live.item['training_id']}/sessions/{live.item['session_id']}"
    assert live.ask(live.admin_request("PATCH", path, {"reminders": True})).status == 200
    live.world.now = datetime(2087, 1, 19, 8, 3, tzinfo=UTC)
    live.outside.sweep()
    return live.scenario(live.outside.take_one(job="remind_session"))


_ALL_INVITED = (_INVITED, _INVITED, _INVITED)
_ALL_KINDS = ([_INVITED, _CHANGED], [_INVITED, _CHANGED], [_WAITING, _INVITED])

DELIVERIES = {
    "chunk": Step(
        _chunk, [GET, GET, GET, GET_MANY, QUERY, QUERY, QUERY, GET, TRANSACT, GET, TRANSACT, *_TOLD, PUT],
        (_INVITED, _INVITED, _WAITING), _FIRST,
    ),
    "start": Step(_start, [GET, QUERY, SEND], (_INVITED, _INVITED, _WAITING), _FIRST),
    "early": Step(_early, [SCHEDULE], (_INVITED, _INVITED, _WAITING), _FIRST),
    "moment": Step(_moment, [GET, GET, GET_MANY, *_TOLD, DELETE], (_INVITED, _INVITED, _WAITING), _FIRST),
    "promoted": Step(_promoted, [*_TOLD_ONE, DELETE], ("declined", _INVITED, _INVITED), _PROMOTED),
    "changed": Step(
        _changed, [GET, GET, QUERY, GET_MANY, _FEED, *_MAILS, SEND, *_NOTED, DELETE],
        _ALL_INVITED, _ALL_KINDS,
    ),
    "added": Step(_added, [GET, *_LINE, TRANSACT, SEND, GET, DELETE], _ALL_INVITED, _ALL_KINDS),
    "reminder": Step(
        _reminder, [GET, GET, QUERY, GET_MANY, *_MAILS, SEND, DELETE], (_INVITED, _INVITED, _WAITING),
        ([_INVITED, "tomorrow"], [_INVITED, "tomorrow"], [_WAITING]),
    ),
    "left": Step(
        _left, [QUERY, _MEMBER, _FEED, *_HELD, *_LINE, TRANSACT, SEND, GET, QUERY], (_CANCELLED, _INVITED, _INVITED),
        ([_INVITED, _CANCELLED], [_INVITED], [_WAITING, _INVITED]),
    ),
}  # fmt: skip


def _ended(live: Live, step: Step) -> None:
    """Three days later, when the last of the moments has come."""
    live.come_to_rest()
    live.outside.until(live.world.now + timedelta(days=3))
    live.settled()
    assert tuple(live.participant(number)["status"] for number in range(3)) == step.statuses
    assert tuple(live.kinds(number) for number in range(3)) == step.kinds
    # Ann's account shows what her mails say, but for a cancellation to who has left.
    shown = [kind for kind in step.kinds[0] if kind != "tomorrow"]
    assert live.notices()[: len(shown)] == shown


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_makes_these_calls_and_has_this_result(live: Live, name: str) -> None:
    step = REQUESTS[name]
    request = live.begin_with(step.build)
    with live.injector.watched() as calls:
        answer = live.ask(request)
    assert (answer.status, calls) == (step.status, step.calls)
    before = live.world.dump("core")
    assert live.ask(request).status == step.status
    assert live.world.dump("core") == before
    _ended(live, step)


# The calls that claim an idempotency key are broken by other tests.
_EACH_REQUEST = [
    one
    for name, step in REQUESTS.items()
    for one in named(
        name, distinct_faults(step.calls) if name in ("decline", "move") else faults_on_writes(step.calls, 4)
    )
]


@pytest.mark.parametrize(("name", "at", "fault"), _EACH_REQUEST)
def test_a_request_is_done_once_whichever_call_breaks(live: Live, name: str, at: int, fault: Fault) -> None:
    step = REQUESTS[name]
    later.broken_request(live, live.begin_with(step.build), at, fault, step.status)
    _ended(live, step)


@pytest.mark.parametrize("name", DELIVERIES)
def test_a_message_makes_these_calls_and_has_this_result(live: Live, name: str) -> None:
    step = DELIVERIES[name]
    delivery = live.begin_with(step.build)
    with live.injector.watched() as calls:
        assert live.outside.deliver(delivery)
    assert calls == step.calls
    live.outside.work_off()
    before = live.world.dump("core")
    assert live.outside.deliver(delivery)
    assert live.world.dump("core") == before
    _ended(live, step)


_EACH_DELIVERY = [one for name, step in DELIVERIES.items() for one in named(name, distinct_faults(step.calls))]


@pytest.mark.parametrize(("name", "at", "fault"), _EACH_DELIVERY)
def test_a_message_that_breaks_comes_again_and_all_is_as_it_should_be(
    live: Live, name: str, at: int, fault: Fault
) -> None:
    step = DELIVERIES[name]
    later.broken_delivery(live, live.begin_with(step.build), at, fault)
    _ended(live, step)


# ------------------------------------------------------------ at the same moment


@pytest.mark.parametrize("at", each(REQUESTS["decline"].calls))
def test_two_leave_at_the_same_moment_and_both_places_are_handed_on(live: Live, at: int) -> None:
    """Bob leaves just before each call of Ann's leaving: Carol gets one place, the other is free."""
    request = live.begin_with(_decline)
    later.while_asking(live, request, at, lambda: live.ask(live.rsvp_request(1, "decline")))
    live.settled()
    assert [live.participant(number)["status"] for number in range(3)] == ["declined", "declined", "invited"]
    assert [int(session["num_taken"]) for session in live.sessions()] == [1]


@pytest.mark.parametrize("at", each(DELIVERIES["chunk"].calls))
def test_a_chunk_that_is_delivered_twice_at_once_enrolls_once(live: Live, at: int) -> None:
    delivery = live.begin_with(_chunk)
    other = Delivery(dict(delivery.body))  # type: ignore[arg-type]
    later.while_delivering(live, delivery, at, lambda: live.outside.deliver(other))
    _ended(live, DELIVERIES["chunk"])


@pytest.mark.parametrize("at", each(DELIVERIES["changed"].calls))
def test_a_change_is_told_once_though_its_message_is_delivered_twice_at_once(live: Live, at: int) -> None:
    delivery = live.begin_with(_changed)
    other = Delivery(dict(delivery.body))  # type: ignore[arg-type]
    later.while_delivering(live, delivery, at, lambda: live.outside.deliver(other))
    _ended(live, DELIVERIES["changed"])
    assert live.notices() == [_INVITED, _CHANGED]


@pytest.mark.parametrize("at", each(REQUESTS["move"].calls))
def test_a_session_that_changes_while_somebody_moves_tells_the_latest(live: Live, at: int) -> None:
    """SEQUENCE follows from both, and never goes back: nobody's entry keeps an old time."""
    request = live.begin_with(_move)
    path = f"/{live.item['training_id']}/sessions/{live.item['session_id']}"
    change = live.admin_request("PATCH", path, {"place": "Room 3"})
    later.while_asking(live, request, at, lambda: live.ask(change))
    live.come_to_rest()
    ann = live.participant(0)
    (target,) = [one for one in live.sessions() if one["session_id"] == ann["session_id"]]
    assert ann["session_id"] != live.item["session_id"]
    assert int(ann["told_sequence"]) == int(ann["sequence"]) + int(target["sequence"])
    assert live.kinds(0)[-1] == "changed"


# ------------------------------------------------------------ an answer by calendar

_ANSWERED = [GET_FILE, GET, *_HELD, GET_MANY, *_HELD, _MEMBER, TRANSACT, DELETE_FILE]
# Bob's place goes to Carol.
_DECLINED = [GET_FILE, GET, *_HELD, GET_MANY, *_HELD, *_LINE, _MEMBER, TRANSACT, SEND, DELETE_FILE]
_CALLS_BY_PARTSTAT = {"ACCEPTED": _ANSWERED, "DECLINED": _DECLINED}
_KEY = "answers/1"


def _replied(live: Live, partstat: str) -> dict[str, Any]:
    """The notification of Bob's reply, whose mail lies in the bucket."""
    live.begin_with(_decline)
    bob = live.participant(1)
    lines = [
        "BEGIN:VCALENDAR", "METHOD:REPLY", "BEGIN:VEVENT", f"UID:{bob['participation_id']}@x",
        f"DTSTAMP:{live.world.now:%Y%m%dT%H%M%SZ}", f"ATTENDEE;PARTSTAT={partstat}:mailto:x@example.com", "SEQUENCE:0",
        "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip
    raw = b"Content-Type: text/calendar; method=REPLY\r\n\r\n" + "\r\n".join(lines).encode()
    files().write(_KEY, [raw], "message/rfc822")
    receipt = {
        "recipients": [f"answers+{bob['token']}@in.example"], "spfVerdict": {"status": "PASS"},
        "action": {"objectKey": _KEY},
    }  # fmt: skip
    return {"Records": [{"Sns": {"Message": json.dumps({"mail": {}, "receipt": receipt})}}]}


def _handled(live: Live, event: dict[str, Any]) -> bool:
    """False when it failed: Lambda would deliver the same event again."""
    try:
        mailer.handle_answers(event, clock=lambda: live.world.now)
    except (Killed, Exception):
        return False
    return True


def _assert_answered(live: Live, partstat: str) -> None:
    live.settled()
    assert files().read(_KEY, 10) is None
    statuses = [live.participant(number)["status"] for number in range(3)]
    accepted = ["invited", "confirmed", "waiting"]
    assert statuses == (accepted if partstat == "ACCEPTED" else ["invited", "declined", "invited"])


@pytest.mark.parametrize("partstat", _CALLS_BY_PARTSTAT)
def test_an_answer_by_calendar_makes_these_calls(live: Live, partstat: str) -> None:
    event = _replied(live, partstat)
    with live.injector.watched() as calls:
        assert _handled(live, event)
    assert calls == _CALLS_BY_PARTSTAT[partstat]
    assert _handled(live, event)
    _assert_answered(live, partstat)


@pytest.mark.parametrize(
    ("partstat", "at", "fault"),
    [one for name, calls in _CALLS_BY_PARTSTAT.items() for one in named(name, distinct_faults(calls))],
)
def test_an_answer_by_calendar_counts_once_although_lambda_delivers_it_again(
    live: Live, partstat: str, at: int, fault: Fault
) -> None:
    event = _replied(live, partstat)
    with live.injector.fault(at, fault):
        done = _handled(live, event)
    assert live.injector.struck
    if not done:
        assert _handled(live, event)
    _assert_answered(live, partstat)
