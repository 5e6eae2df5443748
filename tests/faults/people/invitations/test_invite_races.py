"""Two at once, at every AWS call: the invited person and an admin, two admins, the mailer and a change of its mail."""

from collections.abc import Callable

import pytest

from tests.faults import later
from tests.faults.fake_sqs import Request
from tests.faults.injector import Injector
from tests.faults.inviting_calls import ACCEPT, CLAIMED_BY, INVITE, MAIL, NEWS, READ_BY, RESEND_TWO, SENT_BY
from tests.faults.inviting_scenarios import ANN, BOB, ELSEWHERE, People
from tests.faults.kinds import each
from tests.faults.people_invariants import token_in
from tests.gateway import Answer
from tests.harness import World


@pytest.fixture
def people(world: World, hook: Injector, small: None, monkeypatch: pytest.MonkeyPatch) -> People:
    return People(world, hook, monkeypatch)


def _invited(people: People) -> tuple[str, Request]:
    """The member, and the request that accepts."""
    member_id, _ = people.invited()
    return member_id, people.answer_request("accept", member_id, people.world.account(ANN))


def _asked(people: People, request: Request, kept: list[Answer]) -> Callable[[], None]:
    return lambda: kept.append(people.ask(request))


# ------------------------------------------------------------ the invited and others


@pytest.mark.parametrize("at", each(ACCEPT))
def test_who_accepts_while_an_admin_withdraws_is_in_or_is_out(people: People, at: int) -> None:
    member_id, accepting = people.starting(_invited)
    cancelled: list[Answer] = []
    cancelling = people.change_request("cancel", member_id)
    accepted = later.while_asking(people, accepting, at, _asked(people, cancelling, cancelled))
    people.rest()
    (result,) = cancelled[0].json["results"]
    # The first of the two succeeds, the other is refused.
    assert (accepted.status == 200) != result["done"]
    assert people.statuses() == ({"active": 1} if accepted.status == 200 else {"cancelled": 1})
    assert people.rows() == {} if result["done"] else people.rows() != {}


@pytest.mark.parametrize("at", each(ACCEPT))
def test_who_accepts_while_an_admin_sends_again_is_in_and_gets_no_second_link(people: People, at: int) -> None:
    member_id, accepting = people.starting(_invited)
    accepted = later.while_asking(people, accepting, at, lambda: people.ask(people.change_request("resend", member_id)))
    assert accepted.status == 200
    people.rest()
    assert people.statuses() == {"active": 1}
    assert people.num_links() == 1
    people.assert_enrolled()


@pytest.mark.parametrize("at", each(ACCEPT))
def test_accepting_twice_at_once_is_accepting_once(people: People, at: int) -> None:
    _, accepting = people.starting(_invited)
    others: list[Answer] = []
    answer = later.while_asking(people, accepting, at, _asked(people, accepting, others))
    assert (answer.status, others[0].status) == (200, 200)
    people.rest()
    people.assert_enrolled()
    assert people.subjects()[1:] == ["Welcome to the training of Client 1"]


@pytest.mark.parametrize("at", each(ACCEPT))
def test_of_two_accounts_that_accept_at_once_with_one_link_one_is_in(people: People, at: int) -> None:
    member_id, accepting = people.starting(_invited)
    moving = people.answer_request("accept", member_id, people.world.account(ELSEWHERE), people.link())
    others: list[Answer] = []
    answer = later.while_asking(people, accepting, at, _asked(people, moving, others))
    assert sorted([answer.status, others[0].status]) in ([200, 404], [200, 409])
    people.rest()
    (member,) = people.members()
    assert (member["status"], member["email"]) == ("active", ANN if answer.status == 200 else ELSEWHERE)
    people.assert_enrolled()


@pytest.mark.parametrize("at", each(NEWS["Delivery"]))
@pytest.mark.parametrize("what", ["accept", "decline"])
def test_an_answer_while_the_delivery_is_recorded_counts(people: People, what: str, at: int) -> None:
    member_id = people.starting(_mailed)
    request = people.answer_request(what, member_id, people.world.account(ANN))
    with people.injector.meanwhile(at, lambda: _is_ok(people.ask(request))):
        assert people.deliver_events(people.events("Delivery"))
    people.rest()
    assert people.statuses() == {"active" if what == "accept" else "declined": 1}


@pytest.mark.parametrize("at", each(ACCEPT))
def test_a_delivery_that_is_recorded_while_the_person_accepts_changes_nothing(people: People, at: int) -> None:
    member_id = people.starting(_mailed)
    accepting = people.answer_request("accept", member_id, people.world.account(ANN))
    assert later.while_asking(people, accepting, at, lambda: people.deliver_event("Delivery")).status == 200
    people.rest()
    assert people.statuses() == {"active": 1}


def _mailed(people: People) -> str:
    member_id = people.invite(ANN)
    people.mail()
    return member_id


def _is_ok(answer: Answer) -> None:
    assert answer.status == 200, answer.text


# ------------------------------------------------------------ two admins


@pytest.mark.parametrize("at", each(INVITE))
def test_an_address_that_two_admins_invite_at_once_is_invited_once(people: People, at: int) -> None:
    other = people.invite_request(ANN, BOB, as_=people.world.org_admin(people.org_id), key="other")
    others: list[Answer] = []
    answer = later.while_asking(people, people.invite_request(BOB, ANN), at, _asked(people, other, others))
    results = sorted(one["result"] for one in [*answer.json["results"], *others[0].json["results"]])
    assert results == ["already_member", "already_member", "invited", "invited"]
    people.rest()
    assert people.statuses() == {"prospect": 2}
    assert people.num_links() == 2


@pytest.mark.parametrize("at", each(RESEND_TWO))
def test_of_two_admins_who_send_again_at_once_the_later_ones_links_work(people: People, at: int) -> None:
    first = people.starting(_mailed)
    second = people.invite(BOB, key="bob")
    other = people.change_request("resend", second, first, key="other")
    answer = later.while_asking(people, people.change_request("resend", first, second), at, lambda: people.ask(other))
    assert all(one["done"] for one in answer.json["results"])
    people.rest()
    # The first mail of one, and the last link of each: a replaced invitation that is still queued is not sent.
    assert people.num_links() == 3
    assert people.audit_actions()["invitation.resent"] == 4


# ------------------------------------------------------------ the mailer and others


def _waiting(people: People) -> str:
    return people.invite(ANN)


@pytest.mark.parametrize("at", each(MAIL))
def test_an_invitation_that_is_withdrawn_while_it_is_mailed_has_a_dead_link(people: People, at: int) -> None:
    member_id = people.starting(_waiting)
    with people.injector.meanwhile(at, lambda: _is_ok(people.ask(people.change_request("cancel", member_id)))):
        people.wake()
    people.rest()
    assert people.statuses() == {"cancelled": 1}
    # If its content was read already, it goes out with a dead link; if not, it does not go out.
    assert people.num_links() == (1 if at > READ_BY else 0)
    if people.num_links():
        assert people.page(people.link()) == "dead"
    withdrawn = [subject for subject in people.subjects() if "withdrawn" in subject]
    assert len(withdrawn) == people.num_links()


@pytest.mark.parametrize("at", each(MAIL))
def test_an_invitation_that_is_sent_again_while_it_is_mailed_has_one_link_that_works(people: People, at: int) -> None:
    member_id = people.starting(_waiting)
    with people.injector.meanwhile(at, lambda: _is_ok(people.ask(people.change_request("resend", member_id)))):
        people.wake()
    people.rest()
    assert people.num_links() == (2 if at > READ_BY else 1)
    tokens = [token for token in map(token_in, people.sent()) if token]
    assert [people.page(token) for token in tokens] == ["dead", "open"][-len(tokens) :]


@pytest.mark.parametrize("at", each(MAIL[CLAIMED_BY : SENT_BY - 1]))
def test_who_declines_from_their_account_while_they_are_mailed_has_declined(people: People, at: int) -> None:
    member_id = people.starting(_waiting)
    declining = people.answer_request("decline", member_id, people.world.account(ANN))
    with people.injector.meanwhile(CLAIMED_BY + at, lambda: _is_ok(people.ask(declining))):
        people.wake()
    people.rest()
    assert people.statuses() == {"declined": 1}
    if people.num_links():
        assert people.page(people.link()) == "closed"
