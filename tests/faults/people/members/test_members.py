"""Adding a member to a group, and taking, offering and accepting progress, with faults at every AWS call."""

from collections.abc import Callable

import pytest

from tests.faults import later
from tests.faults.fake_sqs import Request
from tests.faults.harness import FaultHarness, enrolled
from tests.faults.kinds import GET, GET_MANY, PUT, QUERY, SEND, TRANSACT, UPDATE, Fault, each, pairs

_KEY = [GET, PUT]  # the idempotency key is read and claimed
_ANSWER = [UPDATE]

# The member's department, the caller's roles; the group; the member, the number of the audit entry.
ADD = [GET, QUERY, GET, GET, GET, QUERY, TRANSACT, SEND, GET]
TAKE = [*_KEY, GET, GET, TRANSACT, *_ANSWER]
OFFER = [*_KEY, GET, QUERY, GET, TRANSACT, *_ANSWER]
ACCEPT = [GET, QUERY, GET, GET, *_KEY, GET, GET, GET, GET, QUERY, TRANSACT, GET, GET, *_ANSWER]
# One's own copy of an accepted offer, and with it the organization's enrollment.
COMPLETE = [GET, GET, GET_MANY, TRANSACT, GET, GET]


class Person:
    """A person with an account, a course that is open to everybody, and a client of which the person is a member."""

    def __init__(self, play: FaultHarness) -> None:
        self.play, world = play, play.world
        self.course = world.course(play.msp_id, self_enroll=True)
        self.org_id = play.client(0, [self.course])
        self.account, self.member = world.learner(self.org_id)
        play.people[self.org_id] = [self.member]

    def take(self) -> Request:
        return Request("POST", "/me/courses", self.account, {"course_id": self.course}, "take")

    def do(self, action: str) -> Request:
        path = f"/me/courses/own.{self.account}.{self.course}/{action}"
        return Request("POST", path, self.account, {"org_id": self.org_id} if action == "offer" else None, action)

    def accept(self, key: str = "accept") -> Request:
        offer = self.play.ask(self.do("offer")).json["offer_id"]
        path = f"/orgs/{self.org_id}/members/{self.member}/carry-over/{offer}/accept"
        return Request("POST", path, self.play.admin, key=key)

    def held(self) -> list[tuple[str, str]]:
        """Where the person has the course, and in which state."""
        items = [item for item in self.play.world.dump("enrollments") if "HISTORY" not in item["sk"]]
        return sorted((item["pk"].split("#")[0], item["status"]) for item in items)


def _begun(play: FaultHarness) -> Person:
    person = Person(play)
    assert play.ask(person.take()).status == 201
    assert play.ask(person.do("start")).status == 200
    return person


def _adding(play: FaultHarness) -> tuple[Request, Callable[[], None], int]:
    course = play.course()
    org_id = play.client(1, [course])
    group = play.world.group(org_id, courses=[course])
    (member,) = play.people[org_id]
    request = Request("PATCH", f"/orgs/{org_id}/members/{member}", play.admin, {"group_ids": [group]})
    return request, lambda: play.assert_true({(org_id, course): [enrolled(1)]}), 200


def _taking(play: FaultHarness) -> tuple[Request, Callable[[], None], int]:
    person = Person(play)
    return person.take(), lambda: _expect(person, [("ACCOUNT", "enrolled")]), 201


def _offering(play: FaultHarness) -> tuple[Request, Callable[[], None], int]:
    person = _begun(play)

    def check() -> None:
        offers = [item for item in play.world.dump("core") if item["sk"].startswith("OFFER#")]
        assert len(offers) == 1

    return person.do("offer"), check, 200


def _accepting(play: FaultHarness) -> tuple[Request, Callable[[], None], int]:
    person = _begun(play)
    play.limit_seats(person.org_id, {person.course: 1})
    return person.accept(), lambda: _expect(person, [("ACCOUNT", "in_progress"), ("ORG", "in_progress")]), 200


def _completing(play: FaultHarness) -> tuple[Request, Callable[[], None], int]:
    person = _begun(play)
    assert play.ask(person.accept()).status == 200
    return person.do("complete"), lambda: _expect(person, [("ACCOUNT", "completed"), ("ORG", "completed")]), 200


def _expect(person: Person, held: list[tuple[str, str]]) -> None:
    assert person.held() == held
    later.settle(person.play)


_REQUESTS: dict[str, tuple[Callable[[FaultHarness], tuple[Request, Callable[[], None], int]], list[str]]] = {
    "add to a group": (_adding, ADD),
    "take": (_taking, TAKE),
    "offer": (_offering, OFFER),
    "accept": (_accepting, ACCEPT),
    "complete both": (_completing, COMPLETE),
}


@pytest.mark.parametrize("name", _REQUESTS)
def test_these_requests_make_these_calls(play: FaultHarness, name: str) -> None:
    build, expected = _REQUESTS[name]
    request, check, status = build(play)
    with play.injector.watched() as calls:
        assert play.ask(request).status == status
    assert calls == expected
    play.outside.until_quiet()
    check()


@pytest.mark.parametrize(
    ("name", "at", "fault"),
    [
        pytest.param(name, *one.values, id=f"{name}: {one.id}")
        for name, (_, calls) in _REQUESTS.items()
        for one in pairs(calls)
    ],
)
def test_these_requests_happen_once_whichever_call_breaks(play: FaultHarness, name: str, at: int, fault: Fault) -> None:
    request, check, status = _REQUESTS[name][0](play)
    later.broken_request(play, request, at, fault, status)
    play.outside.until_quiet()
    check()


@pytest.mark.parametrize("at", each(ACCEPT))
def test_an_offer_that_two_admins_accept_at_once_is_accepted_once(play: FaultHarness, at: int) -> None:
    person = _begun(play)
    play.limit_seats(person.org_id, {person.course: 2})
    request, other = person.accept(), person.accept("another")
    answer = later.while_asking(play, request, at, lambda: play.ask(other))
    assert answer.status == 200
    _expect(person, [("ACCOUNT", "in_progress"), ("ORG", "in_progress")])


@pytest.mark.parametrize("at", each(ACCEPT))
def test_a_launch_while_an_offer_is_accepted_leaves_one_enrollment_and_one_seat(play: FaultHarness, at: int) -> None:
    person = _begun(play)
    play.limit_seats(person.org_id, {person.course: 2})

    def launch() -> None:
        play.launch([person.org_id], [{"course_id": person.course}])
        play.outside.work_off()

    answer = later.while_asking(play, person.accept(), at, launch)
    assert answer.status == 200
    later.settle(play)
    assert person.held() == [("ACCOUNT", "in_progress"), ("ORG", "in_progress")]


@pytest.mark.parametrize("at", each(ACCEPT))
def test_progress_made_while_an_offer_is_accepted_is_that_of_both(play: FaultHarness, at: int) -> None:
    person = _begun(play)
    answer = later.while_asking(play, person.accept(), at, lambda: play.ask(person.do("complete")))
    assert answer.status == 200
    later.settle(play)
    assert person.held() == [("ACCOUNT", "completed"), ("ORG", "completed")]
