"""Answering an invitation and renewing its link, on the page and from an account, with faults at every AWS call.

A person who accepts is one active member with one account, is enrolled in the course once, and gets one welcome.
"""

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from _pytest.mark import ParameterSet

from chalicelib.aws import accounts
from tests.faults import later
from tests.faults.fake_sqs import Request
from tests.faults.injector import Injector
from tests.faults.inviting_calls import ACCEPT, DECLINE, LOG_IN_AND_ACCEPT, MOVE_AND_ACCEPT, RENEW
from tests.faults.inviting_scenarios import ANN, ELSEWHERE, People, distinct_faults, faults_on_writes, named
from tests.faults.kinds import KILLED_AFTER, LOG_IN, LOST, SECRET, TRANSACT, Fault, pairs
from tests.gateway import Answer
from tests.harness import World

_PASSWORD = "Correct-horse-7"


@pytest.fixture
def people(world: World, hook: Injector, small: None, monkeypatch: pytest.MonkeyPatch) -> People:
    return People(world, hook, monkeypatch)


# ------------------------------------------------------------ from an account


def _accepting(people: People) -> Request:
    return people.answer_request("accept", people.invited()[0], people.world.account(ANN))


def _moving(people: People) -> Request:
    """From an account with another address that has the mailed link."""
    member_id, token = people.invited()
    return people.answer_request("accept", member_id, people.world.account(ELSEWHERE), token)


def _archived_and_invited(people: People) -> tuple[str, str]:
    """The member, and the member's earlier account."""
    member_id, _ = people.invited()
    account = people.world.account(ANN)
    assert people.ask(people.answer_request("accept", member_id, account)).status == 200
    people.come_to_rest()
    archive = Request("POST", f"/orgs/{people.org_id}/members/{member_id}/archive", people.org_admin)
    assert people.ask(archive).status < 300
    people.come_to_rest()
    people.invite(ANN, key="once more")
    people.mail()
    return member_id, account


def _back_again(people: People) -> Request:
    return people.answer_request("accept", *_archived_and_invited(people))


def _declining(people: People) -> Request:
    return people.answer_request("decline", people.invited()[0], people.world.account(ANN))


def _is_in(people: People, email: str = ANN) -> None:
    people.rest()
    (member,) = people.members()
    assert (member["status"], member["email"]) == ("active", email)
    people.assert_enrolled()
    assert len([subject for subject in people.subjects() if subject.startswith("Welcome")]) == 1


def _is_back(people: People) -> None:
    people.rest()
    assert people.statuses() == {"active": 1}
    assert len([subject for subject in people.subjects() if subject.startswith("Welcome")]) == 2


def _has_declined(people: People) -> None:
    people.rest()
    assert people.statuses() == {"declined": 1}
    assert len(people.sent()) == 1
    assert people.rows() == {}


_REQUESTS: dict[str, tuple[Callable[[People], Request], list[str], Callable[[People], None]]] = {
    "accept": (_accepting, ACCEPT, _is_in),
    "move": (_moving, MOVE_AND_ACCEPT, lambda people: _is_in(people, ELSEWHERE)),
    "back again": (_back_again, ACCEPT, _is_back),
    "decline": (_declining, DECLINE, _has_declined),
}


def _deciding(calls: Sequence[str]) -> list[ParameterSet]:
    """What follows the one transaction of each is the same code for all."""
    return [one for one in faults_on_writes(calls) if calls[int(str(one.values[0])) - 1] in (TRANSACT, LOG_IN, SECRET)]


_EACH = named("accept", distinct_faults(ACCEPT)) + [
    one for name, (_, calls, _) in _REQUESTS.items() if name != "accept" for one in named(name, _deciding(calls))
]


@pytest.mark.parametrize("name", _REQUESTS)
def test_answering_makes_these_calls_and_has_this_result(people: People, name: str) -> None:
    build, expected, check = _REQUESTS[name]
    request = people.starting(build)
    with people.injector.watched() as calls:
        answer = people.ask(request)
    assert (answer.status, calls) == (200, expected)
    before = people.world.dump("core")
    assert people.ask(request).json == answer.json
    assert people.world.dump("core") == before
    check(people)


@pytest.mark.parametrize(("name", "at", "fault"), _EACH)
def test_an_answer_counts_once_whichever_call_breaks(people: People, name: str, at: int, fault: Fault) -> None:
    build, _, check = _REQUESTS[name]
    later.broken_request(people, people.starting(build), at, fault, 200)
    check(people)


@pytest.mark.parametrize(("at", "fault"), pairs(ACCEPT, [KILLED_AFTER, LOST]))
def test_accepting_without_a_repeated_request_has_all_its_effects_or_none(
    people: People, at: int, fault: Fault
) -> None:
    request = people.starting(_accepting)
    with people.injector.fault(at, fault):
        people.outside.ask(request)
    if at > ACCEPT.index(TRANSACT):
        _is_in(people)
    else:
        people.rest()
        assert people.statuses() == {"pending": 1}
        assert people.rows() == {}


def test_a_returning_person_with_another_account_gets_nothing_of_the_earlier_one(people: People) -> None:
    member_id, _ = people.starting(_archived_and_invited)
    before = people.world.dump("core")
    other = people.world.account(ELSEWHERE)
    answer = people.ask(people.answer_request("accept", member_id, other, people.link()))
    assert (answer.status, answer.json["code"]) == (409, "other_account")
    assert people.world.dump("core") == before
    people.rest()


# ------------------------------------------------------------ on the page


def _expired(people: People) -> Request:
    _, token = people.invited()
    people.world.now += timedelta(days=31)
    return people.form_request(token, "renew")


def test_asking_for_a_fresh_link_makes_these_calls(people: People) -> None:
    request = people.starting(_expired)
    with people.injector.watched() as calls:
        answer = people.ask(request)
    assert (answer.status, calls) == (303, RENEW)
    # Once more, with the link that no longer works: answered alike, and mailed once.
    assert people.ask(request).headers["location"] == answer.headers["location"]
    people.rest()
    assert people.page(people.link()) == "open"


@pytest.mark.parametrize(("at", "fault"), distinct_faults(RENEW))
def test_a_fresh_link_is_mailed_once_whichever_call_breaks(people: People, at: int, fault: Fault) -> None:
    request = people.starting(_expired)
    with people.injector.fault(at, fault):
        people.outside.ask(request)
    assert people.injector.struck
    answer = people.outside.ask_until_answered(request)
    assert answer.status == 303, answer.text
    people.rest()
    assert people.num_links() == 2
    assert people.page(people.link()) == "open"


def _logging_in(people: People) -> Request:
    # By a function that has just started.
    accounts._secret.cache_clear()
    _, token = people.invited()
    cognito, pool = people.world.client("cognito-idp"), people.world.stage.environment["USER_POOL_ID"]
    # Tests of a file share the user pool (conftest.py).
    listed = [user["Username"] for user in cognito.list_users(UserPoolId=pool)["Users"]]
    if "ann" not in listed:
        given = {"email": ANN, "email_verified": "true", "given_name": "Ann"}
        attributes = [{"Name": name, "Value": value} for name, value in given.items()]
        cognito.admin_create_user(UserPoolId=pool, Username="ann", UserAttributes=attributes, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(UserPoolId=pool, Username="ann", Password=_PASSWORD, Permanent=True)
    return people.form_request(token, "accept", urlencode({"step": "log_in", "email": ANN, "password": _PASSWORD}))


def _has_joined(answer: Answer) -> bool:
    """The page of the link follows, and says that one has joined."""
    return answer.status == 303 and bool(re.fullmatch(r".*/invites/[^/]*", answer.headers["location"]))


def test_logging_in_on_the_page_makes_these_calls(people: People) -> None:
    request = people.starting(_logging_in)
    with people.injector.watched() as calls:
        assert _has_joined(people.ask(request))
    assert calls == LOG_IN_AND_ACCEPT
    assert _has_joined(people.ask(request))
    _is_in(people)


@pytest.mark.parametrize(("at", "fault"), _deciding(LOG_IN_AND_ACCEPT))
def test_who_logs_in_on_the_page_is_in_once_whichever_call_breaks(people: People, at: int, fault: Fault) -> None:
    request = people.starting(_logging_in)
    with people.injector.fault(at, fault):
        people.outside.ask(request)
    assert people.injector.struck
    # Tries that break count, too: the next ones may have to wait for a minute, but no longer.
    people.world.now += timedelta(minutes=1)
    assert _has_joined(people.outside.ask_until_answered(request))
    _is_in(people)
