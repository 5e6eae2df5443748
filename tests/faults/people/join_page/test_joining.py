"""Joining by the page, with a fault at every AWS call: in the end one mail, whose code counts, and one member."""

import json
from datetime import timedelta

import pytest

from chalicelib import mailer as mail_jobs
from chalicelib.core.ids import new_id
from chalicelib.notifications import outbox
from chalicelib.notifications.schemas import Wake
from tests.faults.injector import Injector, Killed
from tests.faults.kinds import CONFLICTS, DELETE, GET, GET_MANY, PUT, QUERY, SEND, TRANSACT, UPDATE, Fault, pairs
from tests.faults.notifications.test_mail import SES
from tests.gateway import Answer
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.joining import SLUG, Joining, token_of

EMAIL = "ann@example.com"

_PAGE = [
    *(GET, GET_MANY),  # the slug; the organization and its page
    *(QUERY, QUERY),  # groups, locations
]
ASK = [
    UPDATE,  # the count of this network, which begins
    *_PAGE,
    *(UPDATE, UPDATE, UPDATE),  # the counts of mails: of the network, to this address from it, and from everywhere
    *(TRANSACT, SEND),  # the request with its mail; the wake-up of the mailer
]
CONFIRM = [
    *(UPDATE, UPDATE),  # the count of this network, which has begun
    *_PAGE,
    *(GET, TRANSACT),  # the request; its try is counted
    *(GET_MANY, QUERY, TRANSACT),  # the claim of the address; the member with the audit entry
]
# The same for known and new people.
_BEFORE_LOOK_UP = 8
CONFIRM_KNOWN = [*CONFIRM[:9], GET_MANY, *CONFIRM[9:]]
MAIL = [
    *(PUT, QUERY, QUERY),  # the worker's lease, the queues, the queued mails
    UPDATE,  # the claim
    *(GET, GET, GET_MANY, TRANSACT),  # the request, the organization, the claim of the address; the code's hash
    UPDATE,  # a slot
    *(SES, UPDATE, DELETE),  # sent and recorded, and out of its queue
    *(DELETE, QUERY),  # no mail is left
    *(DELETE, QUERY),  # the lease is returned
]
# The others are those of every mail (test_mail.py).
_OF_ONE_MAIL = range(4, 13)


@pytest.fixture
def joining(world: World, hook: Injector, small: None, monkeypatch: pytest.MonkeyPatch) -> Joining:
    return Joining(world, Driver(world), monkeypatch)


def _until_answered(joining: Joining, path: str, form: dict[str, str]) -> Answer:
    """A person whose browser shows an error, or nothing, sends the same form again."""
    for _ in range(3):
        answer = joining.world.submit(path, form)
        if answer.status < 500:
            return answer
    raise AssertionError("the form is never answered")


def _sweep(joining: Joining) -> None:
    """Leases of dead processes end, and sweeps pick up what is stuck."""
    for _ in range(3):
        for item in joining.world.dump("outbox"):
            if item["sk"].startswith("WORKER#"):
                key = {"pk": {"S": item["pk"]}, "sk": {"S": item["sk"]}}
                table = joining.world.stage.table_names["outbox"]
                joining.world.client("dynamodb").delete_item(TableName=table, Key=key)
        outbox.sweep(joining.world.now)
        joining.mailbox.send()
        joining.world.now += timedelta(minutes=9)


# ---------------------------------------------------------------- asking


def _form(joining: Joining) -> dict[str, str]:
    return {
        "request": new_id(joining.world.now), "email": EMAIL, "group_id": joining.group,
        "location_id": joining.location,
    }  # fmt: skip


def test_asking_makes_these_calls(joining: Joining, hook: Injector) -> None:
    with hook.watched() as calls:
        assert joining.world.submit(f"/join/{SLUG}", _form(joining)).status == 303
    assert calls == ASK


@pytest.mark.parametrize(("at", "fault"), pairs(ASK))
def test_who_asks_again_after_an_error_gets_one_mail_and_its_code_counts(
    joining: Joining, hook: Injector, at: int, fault: Fault
) -> None:
    form = _form(joining)
    with hook.fault(at, fault):
        _try(joining, f"/join/{SLUG}", form)
        assert hook.struck
    answer = _until_answered(joining, f"/join/{SLUG}", form)
    assert answer.status == 303, answer.text
    request_id = answer.headers["location"].partition("=")[2]
    outbox.sweep(joining.world.now)
    joining.mailbox.send()
    assert joining.mailbox.to() == [EMAIL]
    assert len(joining.requests()) == 1
    token_of(joining.enter(request_id, joining.code(EMAIL)))


def _try(joining: Joining, path: str, form: dict[str, str]) -> Answer | None:
    """None when the process died. Every answer is a page."""
    try:
        answer = joining.world.submit(path, form)
    except Killed:
        return None
    assert answer.status in (303, 429, 503), answer.text
    assert "text/html" in answer.headers["content-type"]
    return answer


# ---------------------------------------------------------------- the mail


def test_mailing_the_code_makes_these_calls(joining: Joining, hook: Injector) -> None:
    joining.request_code(EMAIL)
    joining.world.messages("mail")
    with hook.watched() as calls:
        _run_mailer(joining)
    assert calls == MAIL


@pytest.mark.parametrize(("at", "fault"), [pair for pair in pairs(MAIL) if pair.values[0] in _OF_ONE_MAIL])
def test_there_is_one_mail_at_most_and_its_code_counts(joining: Joining, hook: Injector, at: int, fault: Fault) -> None:
    request_id = joining.request_code(EMAIL)
    joining.world.messages("mail")
    with hook.fault(at, fault):
        _run_mailer(joining)
        assert hook.struck
    _sweep(joining)
    (item,) = joining.mailbox.items()
    num_sent = len(joining.mailbox.mails())
    assert num_sent <= 1
    assert item["state"] in (("sent", "unknown") if num_sent else ("unknown",))
    if num_sent:
        token_of(joining.enter(request_id, joining.code(EMAIL)))


def _run_mailer(joining: Joining) -> None:
    records = [{"messageId": "1", "body": json.dumps(Wake().body())}]
    try:
        mail_jobs.send({"Records": records}, clock=lambda: joining.world.now, time=joining.world.mail_time)
    except Killed:
        return


# ---------------------------------------------------------------- entering the code


def _asked(joining: Joining) -> dict[str, str]:
    request_id = joining.request_code(EMAIL)
    return {"request": request_id, "code": joining.code(EMAIL)}


def _known(joining: Joining) -> str:
    return joining.world.member(joining.org, status="declined", email=EMAIL)


def test_entering_the_code_makes_these_calls(joining: Joining, hook: Injector) -> None:
    form = _asked(joining)
    with hook.watched() as calls:
        token_of(joining.world.submit(f"/join/{SLUG}/verify", form))
    assert calls == CONFIRM


def test_entering_the_code_as_a_known_person_makes_these_calls(joining: Joining, hook: Injector) -> None:
    _known(joining)
    form = _asked(joining)
    with hook.watched() as calls:
        token_of(joining.world.submit(f"/join/{SLUG}/verify", form))
    assert calls == CONFIRM_KNOWN


@pytest.mark.parametrize(("at", "fault"), pairs(CONFIRM))
def test_a_new_person_is_one_member_with_a_link_that_works(
    joining: Joining, hook: Injector, at: int, fault: Fault
) -> None:
    form = _asked(joining)
    with hook.fault(at, fault):
        _try(joining, f"/join/{SLUG}/verify", form)
        assert hook.struck
    _assert_joined(joining, form)


@pytest.mark.parametrize(("at", "fault"), [pair for pair in pairs(CONFIRM_KNOWN) if pair.values[0] > _BEFORE_LOOK_UP])
def test_a_known_person_stays_the_same_member_with_a_link_that_works(
    joining: Joining, hook: Injector, at: int, fault: Fault
) -> None:
    member_id = _known(joining)
    form = _asked(joining)
    with hook.fault(at, fault):
        _try(joining, f"/join/{SLUG}/verify", form)
        assert hook.struck
    _assert_joined(joining, form)
    assert joining.person(EMAIL)["member_id"] == member_id


def _assert_joined(joining: Joining, form: dict[str, str]) -> None:
    token = token_of(_until_answered(joining, f"/join/{SLUG}/verify", form))
    world = joining.world
    assert len(world.every(f"/orgs/{joining.org}/members", joining.admin)) == 1
    assert joining.person(EMAIL)["status"] == "pending"
    actions = [entry["action"] for entry in world.every(f"/orgs/{joining.org}/audit", joining.admin)]
    assert actions == ["member.joined_by_page", "join_page.changed"]
    assert world.get(f"/orgs/{joining.org}/audit/verify", joining.admin).json["ok"]
    assert joining.accept(token, EMAIL).json["status"] == "active"


def test_the_code_entered_twice_at_the_same_moment_makes_one_member(joining: Joining, hook: Injector) -> None:
    form = _asked(joining)
    path = f"/join/{SLUG}/verify"
    tokens: list[str] = []
    with hook.meanwhile(
        CONFIRM.index(GET_MANY, 6) + 2, lambda: tokens.append(token_of(joining.world.submit(path, form)))
    ):
        tokens.append(token_of(joining.world.submit(path, form)))
        assert hook.struck
    assert tokens[0].split(".")[1] == tokens[1].split(".")[1]
    assert tokens[0] == tokens[1]
    assert joining.world.get(f"/invites/{tokens[1]}").status == 200
    _assert_joined(joining, form)


def test_a_group_that_is_deleted_at_that_moment_is_not_joined(joining: Joining, hook: Injector) -> None:
    joining.world.group(joining.org)
    form = _asked(joining)
    path = f"/orgs/{joining.org}/groups/{joining.group}"
    with hook.meanwhile(len(CONFIRM), lambda: joining.world.delete(path, joining.admin)):
        answer = joining.world.submit(f"/join/{SLUG}/verify", form)
        assert hook.struck
    assert (answer.status, "no longer exists" in answer.text) == (409, True)
    assert joining.world.every(f"/orgs/{joining.org}/members", joining.admin) == []


def test_endless_transaction_conflicts_are_answered_as_unavailable(joining: Joining, hook: Injector) -> None:
    form = _asked(joining)
    with hook.fault(len(CONFIRM), CONFLICTS):
        answer = joining.world.submit(f"/join/{SLUG}/verify", form)
    assert (answer.status, answer.headers["retry-after"]) == (503, "2")
